"""Collections and deferred services: `All`, ``Mapping[str, T]``, `Lazy`, `Provider`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args, get_origin

from .._keys.key import label, split
from .._keys.markers import All, Lazy, Provider
from .._registration.registration import Registration
from .node import Graph, Node


def collection_of(key: Any) -> tuple[type, Any] | None:
    """Read ``All[T]`` as (tuple, T) and ``Mapping[str, T]`` as (dict, T)."""
    origin = get_origin(key)
    if origin is All:
        return tuple, get_args(key)[0]
    if origin is Mapping and get_args(key)[:1] == (str,):
        return dict, get_args(key)[1]
    return None


def deferred_of(origin: Any) -> Any:
    """Return `Lazy` or `Provider` for such a type, else None."""
    return origin if origin is Lazy or origin is Provider else None


def gather_all(*items: Any) -> All[Any]:
    """Make the value of ``All[T]``."""
    return All(items)


def gather_mapping(titles: list[str]) -> Callable[..., Mapping[str, Any]]:
    """Make the value of ``Mapping[str, T]``; immutable."""

    def gather(*items: Any) -> Mapping[str, Any]:
        return MappingProxyType(dict(zip(titles, items, strict=True)))

    return gather


def pick(graph: Graph, entries: Iterable[Registration], key: Any) -> list[tuple[Any, Node]]:
    """Return every implementation of a key, with addresses, in order of registration."""
    places: dict[int, int] = {}
    for place, entry in enumerate(entries):
        places.setdefault(id(entry), place)
    several = ((where, node) for where, nodes in graph.ambiguous.items() for node in nodes)
    found = [(where, node) for where, node in (*graph.nodes.items(), *several) if split(where).key == key]
    return sorted(found, key=lambda pair: places.get(pair[1].identity[0], 0))


def title(where: Any, node: Node) -> str:
    """Return the name of an implementation in a mapping: of the service, or of the class."""
    name = split(where).name
    return label(get_origin(node.call) or node.call) if name is None else name
