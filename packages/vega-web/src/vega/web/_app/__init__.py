"""The application: routers, health, mounts and OpenAPI, and the contributions of plugins and generators."""
