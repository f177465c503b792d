"""The ports of time and identity: clock and id source, and which of them are current."""
