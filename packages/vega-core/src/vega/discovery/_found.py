"""The modules that a discovery found, and the group of those that failed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ._components import components_of
from ._config import DiscoveryConfig
from ._errors import DiscoveryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The modules that a discovery found and imported.

    Args:
        package: the project's package.
        config: the configuration it followed.
        by_kind: for each kind, the modules as (source package, dotted name), in order.
        listed: for each kind whose sources the user named, their dotted names.
        imported: the modules that this discovery imported; the others had been imported before.
    """

    package: str
    config: DiscoveryConfig
    by_kind: Mapping[str, tuple[tuple[str, str], ...]]
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    imported: tuple[str, ...] = ()

    def modules(self, kind: str) -> list[str]:
        """Return the dotted names of the modules of one kind, in the order of their import.

        Raises:
            KeyError: there is no such kind.
        """
        return [module for _, module in self.by_kind[kind]]

    def all_modules(self) -> list[str]:
        """Return the dotted names of all modules, each once, in the order of their import."""
        return list(dict.fromkeys(module for kind in self.by_kind for module in self.modules(kind)))

    def words(self, kind: str, module: str) -> tuple[str, ...]:
        """Return the part of a module's name below its source: `("admin", "users")`.

        Web routes derive their prefix and tag from it.
        """
        for source, name in self.by_kind[kind]:
            if name == module:
                return tuple(name.removeprefix(source).strip(".").split("."))
        raise KeyError(module)

    def empty_sources(self) -> list[tuple[str, str]]:
        """Return the sources that the user named and whose modules hold no component, as (kind, dotted name).

        A component is a public class or function that the module defines, or an object such as a router.
        """
        return [
            (kind, source)
            for kind, sources in self.listed.items()
            for source in sources
            if not any(components_of(sys.modules[name]) for base, name in self.by_kind[kind] if base == source)
        ]


class DiscoveryErrors(ExceptionGroup[DiscoveryError]):
    """Every module that failed in one discovery, together.

    Attributes:
        found: the modules that were imported beside those; None when the sources were not looked for.
    """

    found: Found | None = None

    def derive(self, excs: Sequence[DiscoveryError], /) -> DiscoveryErrors:  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        part = DiscoveryErrors(self.message, excs)
        part.found = self.found
        return part

    def __str__(self) -> str:
        listed = "\n".join(f"- {error}" for error in self.exceptions)
        return f"{self.message}\n{listed}"


DiscoveryErrors.__module__ = "vega.discovery"
