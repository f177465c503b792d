"""Finds modules through the import system, imports each once, in order, and reports every failure together."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ._components import components_of
from ._config import KINDS, DiscoveryConfig
from ._errors import DiscoveryError, DiscoveryErrors, ModuleImportError, SourceNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a discovery found and imported.

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


def discover(package: str, config: Mapping[str, Any] | None = None) -> Found:
    """Import every module that a project's configuration names, once in a process, in the order of their names.

    A second run imports what has come since, and what failed; what changed is not read again.

    Args:
        package: the project's top package, importable.
        config: DISCOVERY_CONFIG as the project writes it; None for the defaults.

    Raises:
        InvalidDiscoveryConfigError: the configuration is malformed.
        SourceNotFoundError: the package does not exist.
        DiscoveryErrors: sources are missing or modules failed; it holds every one of them.
    """
    checked = DiscoveryConfig.read(config or {})
    if find_spec(package) is None:
        raise SourceNotFoundError(
            f"there is no package {package!r}", "[tool.vega] package", "start from the project's root, or install it"
        )
    importlib.invalidate_caches()  # files may have come since the last run
    errors: list[DiscoveryError] = []
    bases = {kind: tuple(_bases(package, kind, checked, errors)) for kind in KINDS}
    by_kind = {
        kind: tuple((base, module) for base in found for module in _below(base, checked))
        for kind, found in bases.items()
    }
    wanted = dict.fromkeys(module for found in by_kind.values() for _, module in found)
    new = tuple(module for module in wanted if module not in sys.modules)
    for module in new:
        _import(module, errors)
    if errors:
        raise DiscoveryErrors(f"{len(errors)} of the components of {package} cannot be loaded", errors)
    listed = {kind: bases[kind] for kind in KINDS if kind in checked.named}
    return Found(package=package, config=checked, by_kind=by_kind, listed=listed, imported=new)


def _bases(package: str, kind: str, config: DiscoveryConfig, errors: list[DiscoveryError]) -> Iterator[str]:
    """Yield the dotted names of the sources of a kind; one that the user named and is missing is an error."""
    for source in config.sources[kind]:
        before = len(errors)
        base = _locate(package, source, errors)
        if base is not None:
            yield base
        elif kind in config.named and len(errors) == before:
            errors.append(
                SourceNotFoundError(
                    f"there is no package {source!r}, neither in {package} nor installed",
                    f"DISCOVERY_CONFIG[{kind!r}]",
                    "make the package or take it off the list",
                )
            )


def _locate(package: str, source: str, errors: list[DiscoveryError]) -> str | None:
    """Return the dotted name of a source: inside the project's package, or else absolute."""
    for name in (f"{package}.{source}", source):
        try:
            if find_spec(name) is not None:
                return name
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                errors.append(_failure(name, error))
                return None
        except Exception as error:  # noqa: BLE001 - a parent package of the user's raised: it is reported
            errors.append(_failure(name, error))
            return None
    return None


def _below(base: str, config: DiscoveryConfig) -> list[str]:
    spec = find_spec(base)
    assert spec is not None
    if spec.submodule_search_locations is None:
        return [] if config.excludes(base, f"{base.rpartition('.')[2]}.py") else [base]
    own = [base] if spec.origin and not config.excludes(base, "__init__.py") else []
    above = tuple(Path(place).resolve() for place in spec.submodule_search_locations)
    return own + sorted(_walk(base, files(base), config, above))


def _walk(dotted: str, folder: Traversable, config: DiscoveryConfig, above: tuple[Path, ...]) -> Iterator[str]:
    for entry in folder.iterdir():
        stem, dot, suffix = entry.name.rpartition(".")
        if entry.is_dir():
            name = f"{dotted}.{entry.name}"
            if entry.name.isidentifier() and entry.name != "__pycache__" and not config.excludes(name, entry.name):
                real = entry.resolve() if isinstance(entry, Path) else Path(name)  # within a zip there are no links
                if real not in above:  # else it is a link back to a folder it lies in
                    yield from _walk(name, entry, config, (*above, real))
        elif dot and suffix == "py" and stem.isidentifier() and stem != "__init__":
            name = f"{dotted}.{stem}"
            if not config.excludes(name, entry.name):
                yield name


def _import(module: str, errors: list[DiscoveryError]) -> None:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - collected: every failing module is reported together
        errors.append(_failure(module, error))


def _failure(module: str, error: BaseException) -> ModuleImportError:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames and frames[-1].filename != __file__ else module
    if isinstance(error, SyntaxError):
        place = f"{error.filename}:{error.lineno}"
    failure = ModuleImportError(
        f"{module} cannot be imported: {type(error).__name__}: {error}", place, "mend the module, or exclude it"
    )
    failure.__cause__ = error
    return failure
