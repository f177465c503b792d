"""The repository and the unit of work in memory."""
