"""The scope of one request, the source of a stream, the drain of a stopping process, and its health."""
