"""Loads an application from the files of a project; every step runs and reports, despite earlier mistakes."""

from __future__ import annotations

import gc
import sys
import sysconfig
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module, invalidate_caches
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from vega.di import Container, missing
from vega.discovery import DiscoveryErrors, Found, discover
from vega.events import EventBus
from vega.patterns import Clock, IdSource, current_unit

from .._contracts.project import Project
from .._errors import ComponentError, ConfigurationErrors, PluginError, ProjectError
from .application import STOP_TIMEOUT, Application
from .invoke import Invoker
from .plugin import Plugin
from .plugins import load_plugins
from .proof import add_calls
from .sources import CurrentClock, CurrentIds, follow_registered


def load(path: Path | None) -> Application:
    """Make, wire and prove the application of a project; see `Application.load`."""
    with _nothing_collected():
        return _load(path)


@contextmanager
def _nothing_collected() -> Generator[None]:
    """Disable garbage collection: objects of a start stay alive, and collections would cost 5% of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(path: Path | None) -> Application:
    project = Project.find(path.parent if path is not None and path.is_file() else path)
    errors: list[Exception] = []
    _make_importable(project, errors)
    config = _optional_module(f"{project.package}.config", errors)
    settings = _settings(project, errors)
    found = _discover(project, config, errors)
    container = Container()
    invoker = Invoker(container)
    bus = EventBus(invoke=invoker, defer=_after_commit)
    app = Application(
        project,
        container=container,
        bus=bus,
        settings=settings,
        found=found,
        plugins=tuple(load_plugins(project.features, errors)),
        stop_timeout=getattr(settings, "stop_timeout", STOP_TIMEOUT),
    )
    _wire(app, config, errors)
    _prove(app, invoker, errors)
    if errors:
        mistakes = _flat(errors)
        raise ConfigurationErrors(f"{project.package} cannot start: {len(mistakes)} mistakes", mistakes)
    return app


def _after_commit(work: Callable[[], Awaitable[None]]) -> bool:
    """Defer work to the commit of the open unit of work; return whether a unit was open."""
    unit = current_unit()
    if unit is not None:
        unit.after_commit(work)
    return unit is not None


def _make_importable(project: Project, errors: list[Exception]) -> None:
    """Put the project's root on `sys.path` if its package is not found; report a foreign package of the same name.

    The project takes precedence over a plain folder of the same name, such as one below `tests`.
    """
    spec = find_spec(project.package)
    if spec is None or (spec.origin is None and not _places(spec) & {project.source}):
        sys.path.insert(0, str(project.root))
        invalidate_caches()
        spec = find_spec(project.package)
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    places: set[Path] = _places(spec) if spec is not None else set()
    if project.source.is_dir() and not any(
        place.is_relative_to(known) for place in places for known in {project.root, *installed}
    ):
        errors.append(
            ProjectError(
                f"the package {project.package!r} is imported from another place than this project",
                ", ".join(sorted(map(str, places))),
                f"take that place off sys.path, or put {project.root} before it",
            )
        )


def _places(spec: ModuleSpec) -> set[Path]:
    return {Path(place).resolve() for place in spec.submodule_search_locations or [spec.origin or ""]}


def _optional_module(name: str, errors: list[Exception]) -> ModuleType | None:
    try:
        return import_module(name) if find_spec(name) is not None else None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - collected: the user's module raised
        errors.append(_component(name, error))
        return None


def _component(name: str, error: BaseException) -> ComponentError:
    failure = ComponentError(f"{name} cannot be imported: {type(error).__name__}: {error}", name, "fix the module")
    failure.__cause__ = error
    return failure


def _settings(project: Project, errors: list[Exception]) -> object | None:
    module = _optional_module(f"{project.package}.settings", errors)
    if module is None:
        return None
    from vega.settings import BaseSettings, SettingsError

    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        errors.append(
            ComponentError(
                f"{module.__name__} defines {len(classes)} settings classes instead of one",
                module.__file__ or module.__name__,
                "define one subclass of vega.settings.BaseSettings; nest further models in it",
            )
        )
        return None
    try:
        return classes[0].load(project.root)
    except SettingsError as error:
        errors.append(error)
        return None


def _discover(project: Project, config: ModuleType | None, errors: list[Exception]) -> Found | None:
    discovery_config: Mapping[str, Any] = getattr(config, "DISCOVERY_CONFIG", {})
    try:
        return discover(project.package, discovery_config)
    except DiscoveryErrors as error:
        errors.append(error)
        return error.found  # wired and proved as well, so that further mistakes are reported
    except Exception as error:  # noqa: BLE001 - collected: an error or group of discovery
        errors.append(error)
        return None


def _wire(app: Application, config: ModuleType | None, errors: list[Exception]) -> None:
    """Replay marks, let config.py and the plugins add registrations, then prove the container."""
    container = app.container
    container.register_instance(Application, app)
    container.register_instance(Container, container)
    container.register_instance(EventBus, app.bus)
    container.register_instance(Clock, CurrentClock(), when=missing(Clock))  # a project may register another
    container.register_instance(IdSource, CurrentIds(), when=missing(IdSource))
    if app.settings is not None:
        container.register_instance(type(app.settings), app.settings)
    steps: list[tuple[str, Callable[[], object]]] = []
    if app.found is not None:
        modules = app.found.all_modules()
        steps.append(("container", lambda: container.include(modules)))
        steps.append(("event bus", lambda: app.bus.include(modules)))
    steps.extend((f"plugin {plugin.feature}", _configure(app, plugin)) for plugin in app.plugins)
    hook = getattr(config, "configure", None)
    if callable(hook):
        steps.append((f"{app.project.package}.config.configure", lambda: hook(app)))
    for _, step in steps:
        _collect(step, errors)


def _prove(app: Application, invoker: Invoker, errors: list[Exception]) -> None:
    """Prove registrations, calls and handlers in one report; a container with mistakes resolves nothing."""
    _collect(lambda: errors.extend(add_calls(app)), errors)
    is_whole = _collect(app.container.validate, errors)
    _collect(lambda: invoker.check(app.bus.handlers), errors)
    if errors:  # one report; without mistakes, each edge checks its parts when it is made
        for plugin in app.plugins:
            _collect(partial(_add_mistakes, plugin, app, errors), errors)
    if is_whole:
        _collect(lambda: follow_registered(app), errors)


def _add_mistakes(plugin: Plugin, app: Application, errors: list[Exception]) -> None:
    errors += plugin.prove(app)


def _collect(step: Callable[[], object], errors: list[Exception]) -> bool:
    """Run a step and collect its error; return whether it succeeded."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - collected: all mistakes are reported at once
        errors.append(error)
        return False
    return True


def _configure(app: Application, plugin: Plugin) -> Callable[[], object]:
    def configure() -> None:
        try:
            plugin.configure(app)
        except Exception as error:
            if hasattr(error, "code") or isinstance(error, ExceptionGroup):  # states what, where and fix already
                raise
            raise PluginError(
                f"the plugin {plugin.feature!r} cannot be configured: {type(error).__name__}: {error}",
                f"{type(plugin).__module__}.{type(plugin).__qualname__}",
                "fix or upgrade its distribution, or remove it from the list in [tool.vega] features",
            ) from error

    return configure


def _flat(errors: list[Exception]) -> list[Exception]:
    """Return the errors with groups expanded."""
    flat: list[Exception] = []
    for error in errors:
        if isinstance(error, ExceptionGroup):
            flat.extend(_flat(list(cast("ExceptionGroup[Exception]", error).exceptions)))
        else:
            flat.append(error)
    return flat
