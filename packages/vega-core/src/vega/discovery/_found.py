"""The result of a discovery, and the group of its failures."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ._components import components_of
from ._config import DiscoveryConfig
from ._errors import DiscoveryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The modules found and imported by a discovery.

    Args:
        package: the project's package.
        config: the configuration of the discovery.
        by_kind: the modules of each kind as (source package, dotted name), in order.
        listed: the dotted names of sources set by the user, by kind.
        imported: the modules imported by this discovery; all others had been imported earlier.
    """

    package: str
    config: DiscoveryConfig
    by_kind: Mapping[str, tuple[tuple[str, str], ...]]
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    imported: tuple[str, ...] = ()

    def modules(self, kind: str) -> list[str]:
        """Return the dotted names of the modules of a kind, in the order of import.

        Raises:
            KeyError: the kind is unknown.
        """
        return [module for _, module in self.by_kind[kind]]

    def all_modules(self) -> list[str]:
        """Return the dotted names of all modules, without duplicates, in the order of import."""
        return list(dict.fromkeys(module for kind in self.by_kind for module in self.modules(kind)))

    def words(self, kind: str, module: str) -> tuple[str, ...]:
        """Return the words of a module's name below its source: `("admin", "users")`.

        Web routes derive prefix and tag from the words.
        """
        for source, name in self.by_kind[kind]:
            if name == module:
                return tuple(name.removeprefix(source).strip(".").split("."))
        raise KeyError(module)

    def empty_sources(self) -> list[tuple[str, str]]:
        """Return the user's sources whose modules contain no component, as (kind, dotted name).

        A component is a public class or function defined in the module, or an object such as a router.
        """
        return [
            (kind, source)
            for kind, sources in self.listed.items()
            for source in sources
            if not any(components_of(sys.modules[name]) for base, name in self.by_kind[kind] if base == source)
        ]


class DiscoveryErrors(ExceptionGroup[DiscoveryError]):
    """All failures of a discovery.

    Attributes:
        found: the modules that were imported; None if the search did not start.
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
