"""Principals, policies, and the schemes that authenticate a request."""
