"""The scope of a request, the source of a stream, the drain of a stopping process, and health endpoints."""
