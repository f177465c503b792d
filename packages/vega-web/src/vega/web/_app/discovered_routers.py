"""Routers of discovered modules, with prefix and tag derived from their place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from vega.discovery import Found

from .._errors import RouteError


def discovered_routers(found: Found | None, errors: list[Exception]) -> Iterator[tuple[APIRouter, dict[str, Any]]]:
    """Yield each router of the discovered modules once, with arguments for `include_router`.

    A module `routes/admin/users.py` yields the prefix `/admin/users` and the tag `users`; a router with its own prefix
    or tags keeps them, and DISCOVERY_CONFIG can disable both.

    Args:
        found: the result of discovery; None for an application without discovery.
        errors: collects a `RouteError` for each module without a router.
    """
    if found is None:
        return
    seen: set[int] = set()
    for module in found.modules("routes"):
        routers = [value for value in vars(sys.modules[module]).values() if isinstance(value, APIRouter)]
        if not routers and not hasattr(sys.modules[module], "__path__"):
            errors.append(
                RouteError(
                    f"{module} defines no router",
                    str(sys.modules[module].__file__),
                    "write router = APIRouter() and its routes, or exclude the module",
                )
            )
        for router in routers:
            if id(router) not in seen:
                seen.add(id(router))
                yield router, _settings(found, module, router)


def _settings(found: Found, module: str, router: APIRouter) -> dict[str, Any]:
    words = [word.replace("_", "-") for word in found.words("routes", module) if word]
    settings: dict[str, Any] = {}
    if found.config.auto_prefix and not router.prefix and words:
        settings["prefix"] = "/" + "/".join(words)
    if found.config.auto_tags and not router.tags and words:
        settings["tags"] = [words[-1]]
    return settings
