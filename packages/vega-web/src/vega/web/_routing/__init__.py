"""Routers and routes: endpoints of use cases, their parameters, and the fast route."""
