"""The chain of middleware around a publish, and the middleware included in Vega."""
