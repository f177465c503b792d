"""The middleware pipeline: registration, order, checks, and the run of inline functions."""
