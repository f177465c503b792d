"""State that several processes share: the Redis client and store, and the counters of rate limits."""
