"""Conditions of registrations, evaluated once while the container is built."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from .._errors import InvalidRegistrationError
from .._keys.key import address, label

if TYPE_CHECKING:
    from .registry import Registry


class Condition(Protocol):
    """Decides whether a registration counts, with a reason."""

    @property
    def structural(self) -> bool:
        """Whether the condition depends on registrations, and is therefore evaluated last, at every build."""
        ...

    def evaluate(self, registry: Registry) -> tuple[bool, str]:
        """Return the verdict and the reason.

        Args:
            registry: the registrations of the container, with `settings`, `profiles` and ``has(address)``.
        """
        ...


When: TypeAlias = bool | Callable[[], bool] | Condition


class _Check(NamedTuple):
    """A condition of this module."""

    check: Callable[[Registry], tuple[bool, str]]
    structural: bool = False

    def evaluate(self, registry: Registry) -> tuple[bool, str]:
        return self.check(registry)

    def __repr__(self) -> str:
        return f"{self.check.__qualname__.partition('.')[0]}(...)"


def env(name: str, value: str | None = None) -> Condition:
    """Count when an environment variable is set, or has exactly a value, while the container is built."""

    def check(_: Registry) -> tuple[bool, str]:
        found = os.environ.get(name)
        verdict, wanted = (found is not None, "set") if value is None else (found == value, repr(value))
        return verdict, f"environment variable {name} is {'' if verdict else 'not '}{wanted}"

    return _Check(check)


def profile(*names: str) -> Condition:
    """Count when a profile is active: ``Container(profiles=...)``, else ``VEGA_PROFILE`` (by commas)."""

    def check(registry: Registry) -> tuple[bool, str]:
        active = ", ".join(sorted(registry.profiles)) or "none"
        return not registry.profiles.isdisjoint(names), f"profile {' or '.join(names)}; active: {active}"

    return _Check(check)


def installed(*modules: str) -> Condition:
    """Count when modules can be imported; none is imported."""

    def check(_: Registry) -> tuple[bool, str]:
        absent = [module for module in modules if not _importable(module)]
        return not absent, f"{', '.join(absent or modules)} is {'not ' if absent else ''}installed"

    return _Check(check)


def missing(key: Any, *, name: str | None = None) -> Condition:
    """Count when no further registration provides `key`; evaluated last, in order of registration."""

    def check(registry: Registry) -> tuple[bool, str]:
        wanted = address(key, name)
        found = registry.has(wanted)
        return not found, f"{label(wanted)} is {'provided already' if found else 'provided by nothing else'}"

    return _Check(check, structural=True)


def setting(predicate: Callable[[Any], bool]) -> Condition:
    """Count when `predicate` is true of the settings object of the container."""

    def check(registry: Registry) -> tuple[bool, str]:
        if registry.settings is None:
            raise InvalidRegistrationError(
                "a condition asks the settings, and the container has none",
                f"setting({label(predicate)})",
                "Container(settings=settings), or container.settings = settings before the first resolve",
            )
        verdict = bool(predicate(registry.settings))
        return verdict, f"setting {label(predicate)} is {verdict}"

    return _Check(check)


def as_condition(when: Any) -> Condition:
    """Return the condition of a value of ``when=``.

    Raises:
        InvalidRegistrationError: the value is neither a bool, a callable without arguments nor a condition.
    """
    if hasattr(when, "evaluate") and hasattr(when, "structural"):  # a callable may have an `evaluate` of its own
        condition: Condition = when
        return condition
    if not isinstance(when, bool) and not callable(when):
        raise InvalidRegistrationError(
            f"when={when!r} is not a condition",
            "the argument `when` of a registration",
            "give a bool, a callable without arguments, or env(), profile(), installed(), missing(), setting()",
        )

    def check(_: Registry) -> tuple[bool, str]:
        if isinstance(when, bool):
            return when, f"when={when}"
        verdict = bool(when())
        return verdict, f"{label(when)}() is {verdict}"

    return _Check(check)


def default_profiles() -> frozenset[str]:
    """Return the active profiles of the environment variable ``VEGA_PROFILE``."""
    return frozenset(part.strip() for part in os.environ.get("VEGA_PROFILE", "").split(",") if part.strip())


def _importable(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
