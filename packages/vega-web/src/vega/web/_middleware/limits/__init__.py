"""Middleware that limits requests: body size, time, rate, and repetition by idempotency keys."""
