"""Bound functions: injected parameters, and the plans of calls."""
