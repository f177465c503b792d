"""The container: registrations, overrides, and the current container."""
