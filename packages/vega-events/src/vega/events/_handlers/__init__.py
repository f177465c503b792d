"""Handlers: subscriptions, marks, retries, backoff and failures."""
