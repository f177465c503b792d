"""The registrations of the user, in order: the mutable source of a container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from .._errors import InvalidRegistrationError
from .._keys.key import label, split
from .._keys.scope import Scope
from .conditions import as_condition, default_profiles
from .generics import Meaning, close, variables_of
from .registration import Kind, Registration


class Registry:
    """Registrations, decorations and aliases, with what conditions may ask."""

    def __init__(self, profiles: Iterable[str] | None, settings: Any) -> None:
        self.entries: list[Registration] = []
        self.decorations: list[Registration] = []
        self.settings: Any = settings
        self.given_profiles: frozenset[str] | None = None if profiles is None else frozenset(profiles)
        self.active: dict[Any, list[Registration]] = {}
        self.expected: set[Any] = set()

    @property
    def profiles(self) -> frozenset[str]:
        """The active profiles."""
        return default_profiles() if self.given_profiles is None else self.given_profiles

    def add(self, registration: Registration, *, replace: bool = False) -> None:
        """Add a registration; with `replace`, drop earlier registrations of the same key and name."""
        if replace:
            where = registration.address
            self.entries = [entry for entry in self.entries if entry.address != where]
        self.entries.append(registration)

    def expect(self, key: Any) -> bool:
        """Declare a key whose value scopes receive; return whether nothing was registered for the key."""
        if key in self.expected:
            return False
        self.expected.add(key)
        is_new = all(entry.address != key for entry in self.entries)
        if is_new:
            self.entries.append(Registration(key, key, Kind.VALUE, Scope.SCOPED))
        return is_new

    def has(self, wanted: Any) -> bool:
        """Return whether an active registration provides an address."""
        return wanted in self.active

    def evaluate(self, entry: Registration) -> tuple[bool, str]:
        """Evaluate the condition of a registration.

        Raises:
            InvalidRegistrationError: the condition raised.
        """
        try:
            return as_condition(entry.when).evaluate(self)
        except InvalidRegistrationError as error:
            where = f"{error.where}, registered at {entry.site_text()}"
            raise InvalidRegistrationError(error.what, where, error.fix) from None
        except Exception as error:
            raise InvalidRegistrationError(
                f"the condition of {label(entry.key)} raised {type(error).__name__}: {error}",
                f"when={label(entry.when)}, registered at {entry.site_text()}",
                "let it return True or False whatever it finds; the cause of this error shows the line",
            ) from error

    def holds(self, entry: Registration) -> bool:
        """Return whether the condition of a registration holds; evaluated once."""
        if entry.when is True:
            return True
        if entry.verdict is None:
            entry.verdict = self.evaluate(entry)
        return entry.verdict[0]

    def evaluate_conditions(self) -> dict[Any, list[Registration]]:
        """Evaluate every condition, structural conditions last; return the active registrations by address."""
        self.active = {}
        later: list[Registration] = []
        for entry in self.entries:
            if entry.when is not True and as_condition(entry.when).structural:
                later.append(entry)
            elif self.holds(entry):
                self.active.setdefault(entry.address, []).append(entry)
        for entry in later:
            entry.verdict = self.evaluate(entry)
            if entry.verdict[0]:
                self.active.setdefault(entry.address, []).append(entry)
        if later:
            order = {id(entry): index for index, entry in enumerate(self.entries)}
            for entries in self.active.values():
                entries.sort(key=lambda entry: order[id(entry)])
        return self.active


def closed_entries(active: Mapping[Any, list[Registration]], wanted: Any) -> list[tuple[Registration, Any, Meaning]]:
    """Return the open registrations of a closed generic key, with callables and meanings of variables."""
    key, name = split(wanted)
    origin = get_origin(key)
    if origin is None or not get_args(key):
        return []
    found: list[tuple[Registration, Any, Meaning]] = []
    for entries in active.values():
        for entry in entries:
            if entry.name != name or (get_origin(entry.key) or entry.key) is not origin:
                continue
            if get_origin(entry.key) is not None and not variables_of(entry.key):
                continue
            fit = close(entry.key, entry.call, key)
            if fit is not None:
                found.append((entry, *fit))
    return found
