"""The modules below a package, listed without importing them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.resources.abc import Traversable
from pathlib import Path

from ._config import DiscoveryConfig

_NO_COMPONENTS = frozenset({"__init__", "__main__"})  # listed with the package, and a program


def modules_below(spec: ModuleSpec, config: DiscoveryConfig) -> list[str]:
    """Return the dotted names of a module and of its submodules, in order."""
    base = spec.name
    if spec.submodule_search_locations is None:
        return [] if config.excludes(base, f"{base.rpartition('.')[2]}.py") else [base]
    own = [base] if spec.origin and not config.excludes(base, "__init__.py") else []
    places = [Path(place).resolve() for place in spec.submodule_search_locations]
    folders = [folder for place in places for folder in _folder(place)]
    return own + sorted({name for folder in folders for name in _walk(base, folder, config, tuple(places))})


def _folder(place: Path) -> Iterator[Traversable]:
    """Yield a place as a folder: of the file system, or within a zip."""
    if place.is_dir():
        yield place
        return
    import zipfile  # rarely needed, and slow to import

    archive = next((parent for parent in place.parents if parent.is_file()), None)
    if archive is not None and zipfile.is_zipfile(archive):
        yield zipfile.Path(archive, f"{place.relative_to(archive).as_posix()}/")


def _walk(dotted: str, folder: Traversable, config: DiscoveryConfig, above: tuple[Path, ...]) -> Iterator[str]:
    for entry in folder.iterdir():
        stem, dot, suffix = entry.name.rpartition(".")
        if entry.is_dir():
            name = f"{dotted}.{entry.name}"
            if entry.name.isidentifier() and entry.name != "__pycache__" and not config.excludes(name, entry.name):
                real = entry.resolve() if isinstance(entry, Path) else Path(name)  # within a zip there are no links
                if real not in above:  # otherwise a link to an enclosing folder
                    yield from _walk(name, entry, config, (*above, real))
        elif dot and suffix == "py" and stem.isidentifier() and stem not in _NO_COMPONENTS:
            name = f"{dotted}.{stem}"
            if not config.excludes(name, entry.name):
                yield name
