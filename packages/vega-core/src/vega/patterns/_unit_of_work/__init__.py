"""The unit of work, and the one that the ambient scope provides."""
