"""Errors as problem documents: the mapping of classes to statuses, and refusals of WebSockets."""
