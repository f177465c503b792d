"""unit_of_work."""
