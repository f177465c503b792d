"""The ports of time and identity: the current clock and id source."""
