"""Driver connections with Vega's settings."""
