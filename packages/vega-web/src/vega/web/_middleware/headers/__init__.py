"""Middleware that reads and sets headers: CORS, compression, ETags, hosts and security headers."""
