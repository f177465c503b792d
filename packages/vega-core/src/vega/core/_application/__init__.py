"""The application: loading, plugins, start and stop."""
