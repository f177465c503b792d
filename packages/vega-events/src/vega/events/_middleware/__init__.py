"""The chain of middleware around a publish, and the middleware that comes with Vega."""
