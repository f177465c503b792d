"""Middleware that bounds a request: body size, time, rate, and repetition by idempotency keys."""
