"""Middleware for operators: request ids, access log, metrics and the debug page."""
