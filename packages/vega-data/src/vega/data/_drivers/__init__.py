"""Connections of the drivers as Vega opens them."""
