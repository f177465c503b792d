"""Scopes, build claims and the closing of resources."""
