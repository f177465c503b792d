"""Registrations: providers of keys, conditions, and places in the source."""
