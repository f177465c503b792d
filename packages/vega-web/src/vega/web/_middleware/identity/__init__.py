"""Middleware that finds the principal of a request and applies a policy to it."""
