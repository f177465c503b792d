"""Loads the plugins of the enabled features, in the order of their requirements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from .._errors import PluginError
from .plugin import Plugin

GROUP = "vega.plugins"


def load_plugins(features: Sequence[str], errors: list[Exception]) -> list[Plugin]:
    """Return the plugins of the features, required plugins first.

    Args:
        features: the enabled features; other installed plugins are not imported.
        errors: receives an error for each plugin that is missing, broken, or cannot be ordered.
    """
    installed = entry_points(group=GROUP)
    plugins: dict[str, Plugin] = {}
    for feature in dict.fromkeys(features):
        try:
            plugins[feature] = make_plugin(feature, _the_one(feature, list(installed.select(name=feature))))
        except PluginError as error:
            errors.append(error)
    return in_order(plugins.values(), errors)


def _the_one(feature: str, entries: Sequence[EntryPoint]) -> EntryPoint | None:
    """Return the entry point of a feature, or None.

    Raises:
        PluginError: several distributions offer different plugins for the feature.
    """
    by_value = {entry.value: entry for entry in entries}  # a distribution may appear twice on sys.path
    if len(by_value) > 1:
        offered = ", ".join(sorted(f"{_distribution(entry)} ({value})" for value, entry in by_value.items()))
        raise PluginError(
            f"several distributions offer the feature {feature!r}: {offered}", GROUP, "uninstall all but one"
        )
    return next(iter(by_value.values()), None)


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "?"


def make_plugin(feature: str, entry: EntryPoint | None) -> Plugin:
    """Import and construct a plugin.

    Raises:
        PluginError: the plugin is not installed, its module fails, or the class cannot be constructed.
    """
    if entry is None:
        raise PluginError(
            f"the feature {feature!r} is enabled and not installed", "[tool.vega] features", f"run: vega add {feature}"
        )
    try:
        plugin = entry.load()()
    except (Exception, SystemExit) as error:  # a third party's module may do anything
        raise PluginError(
            f"the plugin {feature!r} cannot be loaded: {type(error).__name__}: {error}",
            entry.value,
            f"fix or upgrade its distribution ({_distribution(entry)}), or remove it from the list",
        ) from error
    return _checked(plugin, feature, entry)


def _checked(plugin: object, feature: str, entry: EntryPoint) -> Plugin:
    lacking = [name for name in ("configure", "startup", "shutdown") if not callable(getattr(plugin, name, None))]
    if lacking or getattr(plugin, "feature", None) != feature:
        raise PluginError(
            f"the plugin {feature!r} is not a vega.core.extend.Plugin of that feature",
            entry.value,
            "subclass Plugin and set its attribute feature to the name of the entry point",
        )
    requires: object = getattr(plugin, "requires", None)
    if not isinstance(requires, tuple) or not all(
        isinstance(name, str) for name in cast("tuple[object, ...]", requires)
    ):
        raise PluginError(
            f"the plugin {feature!r} has an invalid requires: {requires!r}", entry.value, 'write: requires = ("data",)'
        )
    return cast("Plugin", plugin)  # methods checked above


def in_order(plugins: Iterable[Plugin], errors: list[Exception]) -> list[Plugin]:
    """Return the plugins with required plugins first, otherwise in the given order."""
    by_feature = {plugin.feature: plugin for plugin in plugins}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for feature, plugin in by_feature.items():
        enabled = [name for name in plugin.requires if name in by_feature]
        errors.extend(
            PluginError(
                f"the feature {feature!r} needs {missing!r}, which is not enabled",
                "[tool.vega] features",
                f"run: vega add {missing}",
            )
            for missing in sorted(set(plugin.requires) - set(by_feature))
        )
        sorter.add(feature, *enabled)
    try:
        return [by_feature[feature] for feature in sorter.static_order()]
    except CycleError as error:
        errors.append(
            PluginError(
                f"plugin dependencies form a cycle: {' -> '.join(error.args[1])}",
                GROUP,
                "disable one of them and report the cycle to its author",
            )
        )
        return []
