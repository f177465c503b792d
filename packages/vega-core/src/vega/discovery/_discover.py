"""Imports the modules of a project once, in order, and reports all failures together."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from ._config import KINDS, DiscoveryConfig
from ._errors import DiscoveryError, ModuleImportError, SourceNotFoundError
from ._folders import modules_below
from ._found import DiscoveryErrors, Found


def discover(package: str, config: Mapping[str, Any] | None = None) -> Found:
    """Import every module of a project's configuration, once per process, in the order of names.

    A second run imports new and previously failed modules; changed modules are not reloaded.

    Args:
        package: the project's top package, importable.
        config: the project's DISCOVERY_CONFIG; None for the defaults.

    Raises:
        InvalidDiscoveryConfigError: the configuration is malformed.
        SourceNotFoundError: the package does not exist.
        DiscoveryErrors: sources are missing or modules failed; holds every failure, and the modules that were
            imported.
    """
    checked = DiscoveryConfig.read(config or {})
    if find_spec(package) is None:
        raise SourceNotFoundError(
            f"there is no package {package!r}", "[tool.vega] package", "start from the project's root, or install it"
        )
    importlib.invalidate_caches()  # files may be new since the last run
    errors: list[DiscoveryError] = []
    bases = {kind: tuple(_bases(package, kind, checked, errors)) for kind in KINDS}
    by_kind = {
        kind: tuple((base, module) for base in sources for module in _below(base, checked))
        for kind, sources in bases.items()
    }
    names = dict.fromkeys(module for pairs in by_kind.values() for _, module in pairs)
    new = tuple(module for module in names if module not in sys.modules)
    for module in new:
        _import(module, errors)
    found = Found(
        package=package,
        config=checked,
        by_kind={kind: tuple(pair for pair in pairs if pair[1] in sys.modules) for kind, pairs in by_kind.items()},
        listed={kind: bases[kind] for kind in KINDS if kind in checked.named},
        imported=tuple(module for module in new if module in sys.modules),
    )
    if errors:
        errors = _each_once(errors)
        failure = DiscoveryErrors(f"{len(errors)} of the components of {package} cannot be loaded", errors)
        failure.found = found
        raise failure
    return found


def _bases(package: str, kind: str, config: DiscoveryConfig, errors: list[DiscoveryError]) -> Iterator[str]:
    """Yield the dotted names of the sources of a kind; a missing source set by the user is an error."""
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
                    "create the package or remove it from the list",
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
        except Exception as error:  # noqa: BLE001 - collected: a parent package of the user raised
            errors.append(_failure(name, error))
            return None
    return None


def _below(base: str, config: DiscoveryConfig) -> list[str]:
    spec = find_spec(base)
    assert spec is not None
    return modules_below(spec, config)


def _each_once(errors: list[DiscoveryError]) -> list[DiscoveryError]:
    """Return the errors without duplicates: modules that fail at the same line of a shared import."""
    first: dict[tuple[str, str], DiscoveryError] = {}
    for error in errors:
        first.setdefault((error.where, repr(error.__cause__) if error.__cause__ else error.what), error)
    return list(first.values())


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
        f"{module} cannot be imported: {type(error).__name__}: {error}", place, "fix the module, or exclude it"
    )
    failure.__cause__ = error
    return failure
