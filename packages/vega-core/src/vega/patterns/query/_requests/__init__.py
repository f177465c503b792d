"""Queries of clients: filters of a request, and predicates as JSON."""
