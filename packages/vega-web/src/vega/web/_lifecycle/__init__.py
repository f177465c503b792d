"""The scope of one request, the drain of a stopping process, and its health."""
