"""The base classes of a domain: entities, services, specifications, repositories."""
