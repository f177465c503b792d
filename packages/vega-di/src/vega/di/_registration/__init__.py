"""Registrations: what provides a key, under which condition, and where that was written."""
