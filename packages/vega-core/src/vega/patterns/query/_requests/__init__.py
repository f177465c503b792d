"""Queries from outside: filters of a request, and predicates as JSON."""
