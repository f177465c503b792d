"""Bound functions: which parameters are injected, and how each call is made."""
