"""DISCOVERY_CONFIG: the packages of each kind of component, and exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, cast

from ._errors import InvalidDiscoveryConfigError

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "services": ("domain.services", "infrastructure.repositories", "infrastructure.services"),
    "handlers": ("application.handlers",),
    "jobs": ("infrastructure.jobs",),
    "routes": ("presentation.web.routes",),
    "websocket": ("presentation.websocket",),
    "graphql": ("presentation.graphql",),
    "commands": ("presentation.cli.commands",),
}
_SWITCHES = ("auto_tags", "auto_prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryConfig:
    """A checked DISCOVERY_CONFIG.

    Args:
        sources: the packages of each kind, relative to the project's package, or absolute if the project's package
            has no such package.
        named: the kinds with sources set by the user; a missing source of those is an error.
        exclude_patterns: shell patterns (`fnmatch`), matched with the dotted name and with the file name.
        auto_tags: whether the routes of a module are tagged with the module's name.
        auto_prefix: whether the routes of a module begin with the module's name.
    """

    sources: Mapping[str, tuple[str, ...]]
    named: frozenset[str]
    exclude_patterns: tuple[str, ...]
    auto_tags: bool
    auto_prefix: bool

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> DiscoveryConfig:
        """Check a user's configuration and add default sources for kinds without any.

        Raises:
            InvalidDiscoveryConfigError: a key is unknown or a value has a wrong type.
        """
        for key, value in config.items():
            _check(key, value)
        sources = {kind: tuple(config.get(kind, default)) for kind, default in KINDS.items()}
        return cls(
            sources=sources,
            named=frozenset(KINDS) & frozenset(config),
            exclude_patterns=tuple(config.get("exclude_patterns", ())),
            auto_tags=bool(config.get("auto_tags", True)),
            auto_prefix=bool(config.get("auto_prefix", True)),
        )

    def excludes(self, module: str, file: str) -> bool:
        """Return whether a module is excluded, by dotted name or file name."""
        return any(fnmatchcase(module, pattern) or fnmatchcase(file, pattern) for pattern in self.exclude_patterns)


def _check(key: str, value: object) -> None:
    where = f"DISCOVERY_CONFIG[{key!r}]"
    if key in _SWITCHES:
        if not isinstance(value, bool):
            raise InvalidDiscoveryConfigError(f"{value!r} is neither True nor False", where, "write True or False")
    elif key in KINDS or key == "exclude_patterns":
        if not _is_list_of_texts(value):
            raise InvalidDiscoveryConfigError(f"{value!r} is not a list of texts", where, 'write ["...", "..."]')
    else:
        known = ", ".join((*KINDS, "exclude_patterns", *_SWITCHES))
        raise InvalidDiscoveryConfigError(f"{key!r} is not a key of DISCOVERY_CONFIG", where, f"known keys: {known}")


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(part, str)
        for part in cast("Iterable[object]", value)  # elements of any type
    )
