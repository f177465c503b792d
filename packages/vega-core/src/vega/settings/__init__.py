"""Use cases, domain patterns, settings, discovery and the application of the Vega framework."""

__all__: list[str] = []
