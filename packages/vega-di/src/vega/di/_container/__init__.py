"""The container: registrations, epochs, overrides, and the current container."""
