"""The unit of work, and the unit of the ambient scope."""
