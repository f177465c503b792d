"""The features shipped with Vega, known before their distributions are installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, cast

from _vega_cli import entry_points
from vega.core import PluginError
from vega.core.extend import AddDependency, EnableFeature, Operation, Plugin, Project

from ._errors import UsageError

GROUP: Final = "vega.plugins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature shipped with Vega.

    Args:
        requirement: the distribution to depend on (PEP 508).
        requires: the features to enable first.
    """

    requirement: str
    requires: tuple[str, ...] = ()


FEATURES: Final = {
    "data": Feature(requirement="vega-data[cli]>=0.1,<0.2"),
    "graphql": Feature(requirement="vega-graphql[cli]>=0.1,<0.2", requires=("web",)),
    "jobs": Feature(requirement="vega-jobs[cli,embedded]>=0.1,<0.2"),
    "outbox": Feature(requirement="vega-data[cli]>=0.1,<0.2", requires=("data",)),
    "web": Feature(requirement="vega-web[cli]>=0.1,<0.2"),
    "websocket": Feature(requirement="vega-web[cli]>=0.1,<0.2", requires=("web",)),
}


def plugin_of(feature: str) -> Plugin | None:
    """Return the plugin of a feature, or None if not installed.

    Raises:
        PluginError: the plugin is installed and cannot be loaded.
    """
    reference = entry_points(GROUP).get(feature)
    if reference is None:
        return None
    try:
        return cast("Plugin", load(reference)())  # entry points are untyped
    except Exception as error:
        raise PluginError(
            f"the plugin {feature!r} cannot be loaded: {type(error).__name__}: {error}",
            reference,
            "fix or upgrade the distribution that provides it",
        ) from error


def load(reference: str) -> Any:
    """Return the object named by an entry point: `package.module:name`."""
    from importlib import import_module

    module, _, attribute = reference.partition(":")
    return getattr(import_module(module), attribute)


def check_known(features: Sequence[str]) -> None:
    """Raise UsageError for features unknown to Vega and to installed plugins.

    Raises:
        UsageError: a feature is unknown; the message suggests the nearest name.
    """
    known = sorted({*FEATURES, *entry_points(GROUP)})
    for feature in features:
        if feature not in known:
            near = get_close_matches(feature, known, n=1)
            hint = f"did you mean: {near[0]}" if near else f"known features: {', '.join(known)}"
            raise UsageError(f"there is no feature {feature!r}", "vega add", hint)


def with_required(features: Sequence[str]) -> list[str]:
    """Return the features and their requirements, requirements first."""
    ordered: list[str] = []

    def visit(feature: str) -> None:
        plugin = plugin_of(feature)
        for required in plugin.requires if plugin else FEATURES[feature].requires:
            visit(required)
        if feature not in ordered:
            ordered.append(feature)

    for feature in features:
        visit(feature)
    return ordered


def requirements(features: Sequence[str]) -> list[str]:
    """Return the requirements of features shipped with Vega, without duplicates."""
    return list(dict.fromkeys(FEATURES[name].requirement for name in features if name in FEATURES))


def operations(project: Project, features: Sequence[str]) -> Iterator[Operation]:
    """Yield the changes of `vega add`: dependency, list of features, and the operations of each plugin."""
    for requirement in requirements(features):
        yield AddDependency(requirement)
    for feature in features:
        plugin = plugin_of(feature)
        yield from plugin.add(project) if plugin else (EnableFeature(feature),)
