"""Conditions of registrations, evaluated once while the container is built."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from .._errors import InvalidRegistrationError
from .._keys.key import address
from .._keys.labels import label


class Surroundings(Protocol):
    """The part of a container visible to conditions."""

    @property
    def settings(self) -> Any:
        """The settings object of the container, or None."""

    @property
    def profiles(self) -> frozenset[str]:
        """The active profiles."""
        ...

    def has(self, wanted: Any) -> bool:
        """Return whether an active registration provides an address."""
        ...


class Condition(Protocol):
    """Decides whether a registration counts, with a reason."""

    @property
    def structural(self) -> bool:
        """Whether the condition depends on registrations, and is therefore evaluated last, at every build."""
        ...

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        """Return the verdict and the reason."""
        ...


When: TypeAlias = bool | Callable[[], bool] | Condition


class _Env(NamedTuple):
    name: str
    value: str | None
    structural: bool = False

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        found = os.environ.get(self.name)
        if self.value is None:
            return found is not None, f"environment variable {self.name} is {'set' if found is not None else 'not set'}"
        return (
            found == self.value,
            f"environment variable {self.name} is {'' if found == self.value else 'not '}{self.value!r}",
        )


class _Profile(NamedTuple):
    names: tuple[str, ...]
    structural: bool = False

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        active = ", ".join(sorted(surroundings.profiles)) or "none"
        return not surroundings.profiles.isdisjoint(self.names), f"profile {' or '.join(self.names)}; active: {active}"


class _Installed(NamedTuple):
    modules: tuple[str, ...]
    structural: bool = False

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        absent = [module for module in self.modules if not _importable(module)]
        return (
            not absent,
            f"{', '.join(absent)} is not installed" if absent else f"{', '.join(self.modules)} is installed",
        )


class _Missing(NamedTuple):
    key: Any
    name: str | None
    structural: bool = True

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        wanted = address(self.key, self.name)
        found = surroundings.has(wanted)
        return not found, f"{label(wanted)} is {'provided already' if found else 'provided by nothing else'}"


class _Setting(NamedTuple):
    predicate: Callable[[Any], bool]
    structural: bool = False

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        if surroundings.settings is None:
            raise InvalidRegistrationError(
                "a condition asks the settings, and the container has none",
                f"setting({label(self.predicate)})",
                "Container(settings=settings), or container.settings = settings before the first resolve",
            )
        verdict = bool(self.predicate(surroundings.settings))
        return verdict, f"setting {label(self.predicate)} is {verdict}"


class _Called(NamedTuple):
    predicate: Callable[[], bool]
    structural: bool = False

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        verdict = bool(self.predicate())
        return verdict, f"{label(self.predicate)}() is {verdict}"


class _Said(NamedTuple):
    verdict: bool
    structural: bool = False

    def evaluate(self, surroundings: Surroundings) -> tuple[bool, str]:
        return self.verdict, f"when={self.verdict}"


def env(name: str, value: str | None = None) -> Condition:
    """Count when an environment variable is set, or has exactly a value, while the container is built."""
    return _Env(name, value)


def profile(*names: str) -> Condition:
    """Count when a profile is active: ``Container(profiles=...)``, else ``VEGA_PROFILE`` (by commas)."""
    return _Profile(names)


def installed(*modules: str) -> Condition:
    """Count when modules can be imported; none is imported."""
    return _Installed(modules)


def missing(key: Any, *, name: str | None = None) -> Condition:
    """Count when no further registration provides `key`; evaluated last, in order of registration."""
    return _Missing(key, name)


def setting(predicate: Callable[[Any], bool]) -> Condition:
    """Count when `predicate` is true of the settings object of the container."""
    return _Setting(predicate)


def as_condition(when: Any) -> Condition:
    """Return the condition of a value of ``when=``.

    Raises:
        InvalidRegistrationError: the value is neither a bool, a callable without arguments nor a condition.
    """
    if isinstance(when, bool):
        return _Said(when)
    if hasattr(when, "evaluate") and hasattr(when, "structural"):  # a callable may have an `evaluate` of its own
        condition: Condition = when
        return condition
    if callable(when):
        return _Called(cast("Callable[[], bool]", when))  # its arguments are checked by the call
    raise InvalidRegistrationError(
        f"when={when!r} is not a condition",
        "the argument `when` of a registration",
        "give a bool, a callable without arguments, or env(), profile(), installed(), missing(), setting()",
    )


def default_profiles() -> frozenset[str]:
    """Return the active profiles of the environment variable ``VEGA_PROFILE``."""
    return frozenset(part.strip() for part in os.environ.get("VEGA_PROFILE", "").split(",") if part.strip())


def _importable(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
