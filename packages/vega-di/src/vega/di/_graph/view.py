"""The graph as text, as JSON and as a Mermaid diagram; explanations of services."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import final, get_origin

from .._keys.key import label
from .._keys.scope import Scope
from .._registration.registration import ASYNC
from .._registration.registry import Registry
from .node import ArgumentSource, Graph, Node, order
from .paths import draw, name_of


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A registration in a view."""

    id: int
    key: str
    name: str | None
    implementation: str
    scope: str
    kind: str
    active: bool
    reason: str
    where: str
    needs: tuple[int, ...]


@final
@dataclass(frozen=True, slots=True)
class GraphView:
    """Every registration, active or not; `needs` holds the ids of dependencies."""

    services: tuple[ServiceView, ...]

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the graph as JSON: ``{"services": [{"id": 0, "key": ..., "needs": [1, 2], ...}]}``."""
        return json.dumps({"services": [asdict(each) for each in self.services]}, indent=indent)

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flowchart; inactive registrations are dashed, with the reason."""
        lines = ["flowchart LR"]
        for each in self.services:
            lines.append(f'    n{each.id}["{_quoted(_title(each))}"]')
            lines += [f"    n{each.id} --> n{need}" for need in each.needs]
        inactive = [f"n{each.id}" for each in self.services if not each.active]
        if inactive:
            lines += ["    classDef inactive stroke-dasharray: 4 4", f"    class {','.join(inactive)} inactive"]
        return "\n".join(lines) + "\n"


def _title(each: ServiceView) -> str:
    by = "" if each.implementation == each.key else f" by {each.implementation}"
    named = "" if each.name is None else f" named {each.name}"
    return f"{each.key}{named}{by} / {each.scope}" + ("" if each.active else f" / inactive: {each.reason}")


def _quoted(text: str) -> str:
    """Return text for a Mermaid label, quoted safely."""
    return "".join(char if char.isalnum() or char in " ._-/:,()=" else f"#{ord(char)};" for char in text)


def view(graph: Graph, registry: Registry) -> GraphView:
    """Return the view of a graph, inactive registrations included."""
    used = {id(node.registration) for node in graph.every}
    unused = [entry for entry in registry.entries if id(entry) not in used]
    nodes = [*graph.every, *(Node(entry.key, entry.call, entry.kind, entry.scope, entry) for entry in unused)]
    ids = {node: number for number, node in enumerate(nodes)}
    return GraphView(tuple(_shown(node, ids, is_used=id(node.registration) in used) for node in nodes))


def _shown(node: Node, ids: dict[Node, int], *, is_used: bool) -> ServiceView:
    entry = node.registration
    unknown = (True, "always") if is_used else (False, "replaced, or an open generic that nothing has closed yet")
    verdict = entry.verdict or unknown
    return ServiceView(
        id=ids[node],
        key=label(node.address),
        name=entry.name,
        implementation=label(get_origin(node.call) or node.call),
        scope=node.scope.value,
        kind=node.kind.value,
        active=is_used or verdict[0],
        reason=verdict[1],
        where=entry.site_text(),
        needs=tuple(ids[dep] for dep in node.deps),
    )


_LIVES = {
    Scope.SINGLETON: "once for the container",
    Scope.SCOPED: "once for each scope",
    Scope.TRANSIENT: "a new one for each use",
}


def explain_node(top: Node) -> str:
    """Return in words how a service is built."""
    lines: list[str] = []
    stack: list[tuple[Node, int, str]] = [(top, 0, "")]
    shown: set[Node] = set()
    while stack:
        node, depth, parameter = stack.pop()
        lines.append("  " * depth + (f"{parameter}: " if parameter else "") + _line(node, repeated=node in shown))
        if node in shown:
            continue
        shown.add(node)
        services = [each for each in node.arguments if each.source is ArgumentSource.NODE]
        stack += reversed([(each.value, depth + 1, each.parameter) for each in services])
    if top.is_async:
        waits = [each for each in order([top]) if each.kind in ASYNC]
        lines.append(f"It has to be awaited (aresolve), because of {', '.join(name_of(each) for each in waits)}.")
    if top.needs_scope:
        lines.append("It needs an open scope.")
    if top.registration.verdict is not None:
        lines.append(f"It is active because {top.registration.verdict[1]}.")
    return "\n".join(lines)


def _line(node: Node, *, repeated: bool) -> str:
    text = f"{draw([node])}: {node.kind.value}, {_LIVES[node.scope]}"
    return f"{text} (see above)" if repeated else f"{text}, registered at {node.registration.site_text()}"
