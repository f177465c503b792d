"""The application: routers, health, mounts and OpenAPI joined into one, and what plugins and generators add."""
