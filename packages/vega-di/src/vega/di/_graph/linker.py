"""From registrations to nodes: signatures of providers, and providers of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Any, get_args, get_origin

from .._errors import InjectionError, InvalidRegistrationError, UnresolvedHintError
from .._keys.key import Dependency, address, bare, class_of, is_builtin, label, read_dependency, split
from .._keys.scope import Scope
from .._registration.generics import Meaning, closed_by_bases, is_open, substitute, variables_of
from .._registration.registration import Kind, Registration, needs_a_scope
from .._registration.registry import Registry, closed_entries
from .._registration.signatures import (
    EMPTY,
    KEYWORD_ONLY,
    POSITIONAL_ONLY,
    Names,
    Parameter,
    read_parameters,
    types_by_name,
)
from .collections import collection_of, deferred_of, gather_all, gather_mapping, pick, title
from .node import Argument, ArgumentSource, Graph, Node


class Linker:
    """Links an epoch of a container; closed generics and collections are added on demand."""

    def __init__(
        self,
        registry: Registry,
        replaced: Mapping[Any, Registration],
        special: Mapping[Any, tuple[ArgumentSource, Any]],
    ) -> None:
        self.graph: Graph = Graph()
        self._registry = registry
        self._special = special
        self.names: Names = cache(lambda: types_by_name(registry.entries))
        self._active = dict(registry.evaluate_conditions())
        self._active.update({where: [entry] for where, entry in replaced.items()})
        self._replaced = frozenset(replaced)
        self._pending: list[tuple[Node, Node | None]] = []
        self._decorated = {each.key for each in registry.decorations}
        self.has_scoped: bool = any(map(needs_a_scope, chain.from_iterable(self._active.values())))

    def link_all(self) -> Graph:
        """Link every active registration."""
        for where, entries in self._active.items():
            if not any(map(is_open, entries)):
                self._provide(where, [self._node(where, entry, entry.call) for entry in entries])
        self.drain()
        return self.graph

    def demand(self, where: Any) -> Node | None:
        """Return the node at an address, or None; nodes of closed generics and collections are made here."""
        nodes = self.graph.nodes
        found = nodes.get(where)
        if found is None and where not in self.graph.ambiguous:
            self._demand_more(where)
            found = nodes.get(where)
        return found

    def drain(self) -> None:
        """Wire added nodes; wiring may add further nodes."""
        pending = self._pending
        while pending:
            self._wire(*pending.pop())

    def _provide(self, where: Any, nodes: list[Node]) -> None:
        if len(nodes) == 1:
            self.graph.nodes[where] = nodes[0]
        elif nodes:
            self.graph.ambiguous[where] = nodes

    def _node(self, where: Any, entry: Registration, call: Any, meaning: Meaning | None = None) -> Node:
        node = Node(where, call, entry.kind, entry.scope, entry)
        node.meaning = meaning
        if not isinstance(call, type) and entry.kind is not Kind.INSTANCE and not isinstance(get_origin(call), type):
            node.expected = class_of(entry.key)
        self.graph.every.append(node)
        self._pending.append((node, None))
        if self._decorated and where not in self._replaced:
            return self._decorate(node, entry, meaning)
        return node

    def _decorate(self, node: Node, entry: Registration, meaning: Meaning | None) -> Node:
        for place, each in enumerate(self._registry.decorations):
            if each.key not in {entry.key, get_origin(entry.key)} or not self._registry.holds(each):
                continue
            outer = Node(node.address, each.call, each.kind, entry.scope, each)
            outer.identity = (*node.identity, place)
            outer.meaning = meaning
            self.graph.every.append(outer)
            self._pending.append((outer, node))
            node = outer
        return node

    def _wire(self, node: Node, inner: Node | None) -> None:
        entry = node.registration
        if entry.kind in {Kind.INSTANCE, Kind.VALUE}:
            return
        if entry.kind is Kind.ALIAS and inner is None:
            self._wire_alias(node, entry.parameters)
            return
        try:
            if entry.parameters is None:
                entry.parameters = read_parameters(entry.call, self.names)
            node.take(self._arguments(node, entry.parameters, inner))
        except InjectionError as error:
            self.graph.problems.append(error)

    def _wire_alias(self, node: Node, dependency: Dependency) -> None:
        where = self.find(dependency._replace(marked=True))
        found = None if where is None else self.graph.nodes.get(where)
        if found is not None:
            node.take([Argument(None, ArgumentSource.NODE, found, "target")])
        elif where is None:
            self.graph.missing.setdefault(address(dependency.key, dependency.name), []).append((node, "target"))
        else:
            self.graph.wanted_one.setdefault(where, []).append((node, "target"))

    def _arguments(self, node: Node, parameters: tuple[Parameter, ...], inner: Node | None) -> list[Argument]:
        if len(parameters) == 1 and parameters[0].hint is EMPTY and parameters[0].default is EMPTY:
            only = parameters[0]
            keyword = only.name if only.kind == KEYWORD_ONLY else None
            if inner is not None:
                return [Argument(keyword, ArgumentSource.NODE, inner, only.name)]
            if not isinstance(get_origin(node.call) or node.call, type):
                return [Argument(keyword, ArgumentSource.OWNER, None, only.name)]
        wrapped = self._wrapped_parameter(node, parameters) if inner is not None else None
        found: list[Argument] = []
        by_keyword = False
        for each in parameters:
            argument = (
                Argument(None, ArgumentSource.NODE, inner, each.name) if each is wrapped else self.choose(node, each)
            )
            if argument is None:
                if each.kind == POSITIONAL_ONLY and each.default is not EMPTY:
                    found.append(Argument(None, ArgumentSource.CONSTANT, each.default, each.name))
                else:
                    by_keyword = True
            else:
                spelled = by_keyword or each.kind == KEYWORD_ONLY
                found.append(argument._replace(keyword=each.name) if spelled else argument)
        return found

    def _wrapped_parameter(self, node: Node, parameters: tuple[Parameter, ...]) -> Parameter:
        key = split(node.address).key
        for each in parameters:
            hint = self._closed(each.hint, node)
            if each.hint is not EMPTY and read_dependency(hint).key in {key, get_origin(key)}:
                return each
        for each in parameters:
            if each.hint is EMPTY:
                return each
        raise InvalidRegistrationError(
            f"the decorator {label(node.call)} takes no {label(key)}",
            f"decorate({label(key)}, {label(node.call)}), {node.registration.site_text()}",
            f"give it a parameter of type {label(key)}, which receives the service it is put around",
        )

    def choose(self, node: Node, parameter: Parameter) -> Argument | None:
        """Return the argument of a parameter; None leaves the default in place."""
        hint = parameter.hint
        if type(hint) is type and hint in self.graph.nodes and hint.__module__ != "builtins":
            return Argument(None, ArgumentSource.NODE, self.graph.nodes[hint], parameter.name)
        if hint is EMPTY:
            if parameter.default is not EMPTY:
                return None
            raise UnresolvedHintError(
                f"parameter {parameter.name!r} of {label(node.call)} has no type",
                f"{label(node.call)}({parameter.name}), registered at {node.registration.site_text()}",
                "annotate it with the type of the service, or give it a default",
            )
        return self._choose_hint(node, parameter, self._closed(hint, node))

    def _choose_hint(self, node: Node, parameter: Parameter, hint: Any) -> Argument | None:
        dependency = read_dependency(hint)
        if dependency.name is None:
            special = self._choose_special(node, parameter, dependency.key)
            if special is not None:
                return special
        where = self.find(dependency)
        if where is not None:
            found = self.graph.nodes.get(where)
            if found is not None:
                return Argument(None, ArgumentSource.NODE, found, parameter.name)
            self.graph.wanted_one.setdefault(where, []).append((node, parameter.name))
            return None
        if parameter.default is not EMPTY:
            return None
        if dependency.optional:
            return Argument(None, ArgumentSource.CONSTANT, None, parameter.name)
        self.graph.missing.setdefault(address(bare(dependency.key), dependency.name), []).append((node, parameter.name))
        return None

    def find(self, dependency: Dependency) -> Any:
        """Return the address of a dependency, or None; builtin types need a mark or a name."""
        if is_builtin(dependency.key) and not dependency.marked:
            return None
        plain = bare(dependency.key)
        for key in [dependency.key] if plain is dependency.key else [dependency.key, plain]:
            where = address(key, dependency.name)
            try:
                if self.demand(where) is not None or where in self.graph.ambiguous:
                    return where
            except TypeError:  # metadata of other libraries, without a hash
                continue
        return None

    def is_injectable(self, dependency: Dependency) -> bool:
        """Return whether a parameter without value is injected: marked, special, or provided."""
        if dependency.marked or deferred_of(get_origin(dependency.key)) or collection_of(dependency.key):
            return True
        return self._special_of(dependency.key) is not None or self.find(dependency) is not None

    def _special_of(self, key: Any) -> tuple[ArgumentSource, Any] | None:
        try:
            return self._special.get(key)
        except TypeError:  # a key without a hash
            return None

    def _choose_special(self, node: Node, parameter: Parameter, key: Any) -> Argument | None:
        special = self._special_of(key)
        if special is not None:
            return Argument(None, special[0], special[1], parameter.name)
        origin = get_origin(key)
        if origin is None:
            return None
        if origin is type and node.meaning and not variables_of(key):
            return Argument(None, ArgumentSource.CONSTANT, get_args(key)[0], parameter.name)
        later = deferred_of(origin)
        if later is not None:
            return self._defer(node, parameter, later, get_args(key)[0])
        if collection_of(key) is not None:
            found = self.demand(key)
            return None if found is None else Argument(None, ArgumentSource.NODE, found, parameter.name)
        return None

    def _defer(self, node: Node, parameter: Parameter, later: Any, hint: Any) -> Argument:
        dependency = read_dependency(hint)
        where = self.find(dependency)
        if where is None or where not in self.graph.nodes:
            store = self.graph.missing if where is None else self.graph.wanted_one
            where = address(dependency.key, dependency.name)
            store.setdefault(where, []).append((node, parameter.name))
        entry = Registration(later[hint], later, Kind.CALL, Scope.TRANSIENT)
        made = Node(later[hint], later, Kind.CALL, Scope.TRANSIENT, entry)
        made.identity = (later, where, node.identity)
        made.deferred = ((where, later.keeps),)
        made.arguments = (
            Argument(None, ArgumentSource.OWNER, None, "owner"),
            Argument(None, ArgumentSource.CONSTANT, split(where).key, "key"),
            Argument(None, ArgumentSource.CONSTANT, split(where).name, "name"),
        )
        self.graph.every.append(made)
        return Argument(None, ArgumentSource.NODE, made, parameter.name)

    def _demand_more(self, where: Any) -> None:
        key, name = split(where)
        wanted = collection_of(key) if name is None else None
        if wanted is not None:
            self._collect(where, *wanted)
            return
        if where in self._active:
            self._provide(where, [self._node(where, entry, entry.call) for entry in self._active[where]])
            return
        nodes = [
            self._node(where, entry, call, meaning) for entry, call, meaning in closed_entries(self._active, where)
        ]
        self._provide(where, nodes)

    def _collect(self, where: Any, kind: Any, key: Any) -> None:
        for other in [*self._active, key]:
            if split(other).key == key:
                self.demand(other)
        picked = pick(self.graph, [*self._registry.entries, *chain(*self._active.values())], key)
        call = gather_mapping([title(*each) for each in picked]) if kind is dict else gather_all
        made = Node(where, call, Kind.CALL, Scope.TRANSIENT, Registration(where, call, Kind.CALL, Scope.TRANSIENT))
        made.identity = ("collection", where, tuple(node.identity for _, node in picked))
        made.take(Argument(None, ArgumentSource.NODE, node, "item") for _, node in picked)
        self.graph.every.append(made)
        self.graph.nodes[where] = made

    def _closed(self, hint: Any, node: Node) -> Any:
        if not variables_of(hint):
            return hint
        if node.meaning:
            hint = substitute(hint, node.meaning)
        cls = get_origin(node.call) or node.call
        return substitute(hint, closed_by_bases(cls)) if isinstance(cls, type) else hint
