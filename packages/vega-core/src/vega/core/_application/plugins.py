"""Finds the plugins of the enabled features, makes them, and orders them by what they require."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from .._errors import PluginError
from .plugin import Plugin

GROUP = "vega.plugins"


def load_plugins(features: Sequence[str], errors: list[Exception]) -> list[Plugin]:
    """Return the plugins of the features, those that others require first.

    Args:
        features: the enabled features; a plugin that is installed and not listed is not even imported.
        errors: takes an error for each plugin that is not installed, broken, or cannot be ordered.
    """
    installed = entry_points(group=GROUP)
    made: dict[str, Plugin] = {}
    for feature in dict.fromkeys(features):
        try:
            made[feature] = make_plugin(feature, _the_one(feature, list(installed.select(name=feature))))
        except PluginError as error:
            errors.append(error)
    return in_order(made.values(), errors)


def _the_one(feature: str, entries: Sequence[EntryPoint]) -> EntryPoint | None:
    """Return the entry point of a feature, None when there is none.

    Raises:
        PluginError: several distributions offer the feature, each in its own way.
    """
    by_value = {entry.value: entry for entry in entries}  # one distribution may be seen twice on sys.path
    if len(by_value) > 1:
        offered = ", ".join(sorted(f"{_distribution(entry)} ({value})" for value, entry in by_value.items()))
        raise PluginError(
            f"several distributions offer the feature {feature!r}: {offered}", GROUP, "uninstall all but one"
        )
    return next(iter(by_value.values()), None)


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "?"


def make_plugin(feature: str, entry: EntryPoint | None) -> Plugin:
    """Import and make one plugin.

    Raises:
        PluginError: it is not installed, its module fails, or it is no class that can be made.
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
            f"mend or upgrade its distribution ({_distribution(entry)}), or take it off the list",
        ) from error
    return _checked(plugin, feature, entry)


def _checked(plugin: object, feature: str, entry: EntryPoint) -> Plugin:
    lacking = [name for name in ("configure", "startup", "shutdown") if not callable(getattr(plugin, name, None))]
    if lacking or getattr(plugin, "feature", None) != feature:
        raise PluginError(
            f"the plugin {feature!r} is no vega.core.extend.Plugin of that feature",
            entry.value,
            "subclass Plugin and set its attribute feature to the name of the entry point",
        )
    requires: object = getattr(plugin, "requires", None)
    if not isinstance(requires, tuple) or not all(
        isinstance(name, str) for name in cast("tuple[object, ...]", requires)
    ):
        raise PluginError(
            f"what the plugin {feature!r} requires is {requires!r}", entry.value, 'write: requires = ("data",)'
        )
    return cast("Plugin", plugin)  # its methods were looked for above


def in_order(plugins: Iterable[Plugin], errors: list[Exception]) -> list[Plugin]:
    """Return the plugins so that each comes after those it requires, else in the order given."""
    by_feature = {plugin.feature: plugin for plugin in plugins}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for feature, plugin in by_feature.items():
        known = [name for name in plugin.requires if name in by_feature]
        errors.extend(
            PluginError(
                f"the feature {feature!r} needs {missing!r}, which is not enabled",
                "[tool.vega] features",
                f"run: vega add {missing}",
            )
            for missing in sorted(set(plugin.requires) - set(by_feature))
        )
        sorter.add(feature, *known)
    try:
        return [by_feature[feature] for feature in sorter.static_order()]
    except CycleError as error:
        errors.append(
            PluginError(
                f"the plugins require one another in a circle: {' -> '.join(error.args[1])}",
                GROUP,
                "take one of them off the list and tell its author",
            )
        )
        return []
