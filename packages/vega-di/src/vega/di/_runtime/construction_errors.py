"""Errors that name the service under construction, found by the line of generated code they passed through."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._errors import ConstructionError, ContainerError, InjectionError
from .._keys.key import check_key, label
from .claims import circular

if TYPE_CHECKING:
    from .._graph.node import Node


def explain(key: Any = None, node: Node | None = None) -> None:
    """Replace the handled error of a constructor or factory by one that names it; leave every other error alone.

    Args:
        key: the requested key, if there is one.
        node: the service under construction, where no generated code names it.

    Raises:
        ConstructionError: a constructor or factory raised; its error is the ``__cause__``.
        InvalidKeyError: the error came from a key that is not a type.
        CircularDependencyError: the recursion had no end because a factory requests its own service.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, Exception) or isinstance(error, (InjectionError, ContainerError)):
        return
    if isinstance(error, TypeError):
        _refuse_unhashable(key)
    passed = _passed_through(error)
    if isinstance(error, RecursionError) and passed:
        if len(passed) > len({path[-1] for path in passed}):
            raise circular(passed[-1][-1:], passed[-1][-1]) from None
        if _is_nested(error):
            return  # the first request sees the cycle
    path = passed[-1] if passed else [] if node is None else [node]
    if path:
        raise _failed(path, error) from error


def is_first_request() -> bool:
    """Return whether the handled error only reports the first request of a key: a KeyError of the caller itself.

    The tables do not answer this: another thread may have made the first request in between.
    """
    error = sys.exc_info()[1]
    return isinstance(error, KeyError) and error.__traceback__ is not None and error.__traceback__.tb_next is None


def _refuse_unhashable(key: Any) -> None:
    try:
        hash(key)
    except TypeError:
        check_key(key)  # raises: such an object is not a key


def _failed(path: list[Node], error: Exception) -> ConstructionError:
    from .._graph.paths import draw

    node = path[-1]
    return ConstructionError(
        f"{label(node.call)} raised {type(error).__name__} while it made {label(node.address)}",
        f"{draw(path)}, registered at {node.registration.site_text()}",
        "fix the error shown as the cause; it was raised in this constructor or factory",
    )


def _is_nested(error: Exception) -> bool:
    """Return whether a constructor or factory that is still running made the request that failed."""
    frame = error.__traceback__ and error.__traceback__.tb_frame.f_back
    while frame is not None:
        if "__vega_nodes__" in frame.f_globals:
            return True
        frame = frame.f_back
    return False


def _passed_through(error: Exception) -> list[list[Node]]:
    """Return the paths to the services whose constructors and factories an error passed through, outermost first."""
    paths: list[list[Node]] = []
    trace = error.__traceback__
    while trace is not None:
        nodes: dict[int, Node] = trace.tb_frame.f_globals.get("__vega_nodes__") or {}
        node = nodes.get(trace.tb_lineno)
        if node is not None:
            paths.append(_path(nodes.values(), node))
        trace = trace.tb_next
    return paths


def _path(written: Iterable[Node], node: Node) -> list[Node]:
    """Return the path to a node from the outermost service of its plan."""
    from .._graph.paths import shortest

    paths = [shortest(start, lambda other: other is node, lambda _: True) for start in written]
    return max((path for path in paths if path[-1] is node), key=len)
