"""State shared by several processes: the Redis client and store, and the counters of rate limits."""
