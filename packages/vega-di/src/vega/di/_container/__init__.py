"""The container: registrations, epochs, overrides, and which container is current."""
