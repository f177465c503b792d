"""The in-memory evaluator: compiles a predicate to a single Python function, without a call per node.

Each node yields two expressions: one holds when the node is TRUE, one when it is FALSE; UNKNOWN is neither. `Not`
swaps the two, so no third value exists at run time.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from .._errors import UnsupportedPredicateError
from .._fields.case_fold import FOLD, fold
from .._fields.constants import instant
from .._fields.fields import FieldInfo
from .._fields.kinds import Kind
from .._fields.like import Pattern
from .._language.nodes import (
    AllOf,
    Always,
    And,
    AnyOf,
    Compare,
    Comparison,
    Distinct,
    Field,
    IsNull,
    Match,
    Matching,
    Node,
    Not,
    Or,
    Truth,
    Within,
)

T = TypeVar("T")
_OPPOSITE: Final = {
    Comparison.EQ: "!=",
    Comparison.NE: "==",
    Comparison.LT: ">=",
    Comparison.LE: ">",
    Comparison.GT: "<=",
    Comparison.GE: "<",
}
_MOST_FUNCTIONS: Final = 2048
_functions: dict[str, Callable[..., Any]] = {}


def select(node: Node, entities: Iterable[T]) -> list[T]:
    """Return the entities for which a predicate is TRUE, in order."""
    writer = _Writer()
    condition = writer.true(node)
    return _function(condition, len(writer.constants))(entities, writer.constants)


def satisfies(node: Node, entity: object) -> bool:
    """Return whether a predicate is TRUE for an entity."""
    return tester(node)(entity)


def tester(node: Node) -> Callable[[object], bool]:
    """Return a test of entities: True if the predicate is TRUE."""
    writer = _Writer()
    condition, number = writer.true(node), len(writer.constants)
    text = f"def bind(constants):\n{_unpacked(number)}    return lambda o: True if {condition} else False\n"
    test: Callable[[object], bool] = _compiled(text, "bind")(writer.constants)
    return test


def source(node: Node) -> str:
    """Return the source of the function that evaluates a predicate; constants appear by name only."""
    writer = _Writer()
    return _source(writer.true(node), len(writer.constants))


def _function(condition: str, constants: int) -> Callable[[Iterable[Any], list[Any]], list[Any]]:
    return _compiled(_source(condition, constants), "select")


def _compiled(text: str, name: str) -> Callable[..., Any]:
    function = _functions.get(text)
    if function is None:
        if len(_functions) >= _MOST_FUNCTIONS:
            _functions.clear()
        space: dict[str, Any] = {"fold": FOLD, "instant": instant}
        # The text consists of declared identifiers, operators and the names c0, c1, ...: constants never enter it.
        exec(compile(text, "<predicate>", "exec"), space)  # noqa: S102 - see the line above
        function = _functions[text] = space[name]
    return function


def _source(condition: str, constants: int) -> str:
    return (
        f"def select(entities, constants):\n{_unpacked(constants)}    found = []\n    add = found.append\n"
        f"    for o in entities:\n        if {condition}:\n            add(o)\n    return found\n"
    )


def _unpacked(constants: int) -> str:
    names = "".join(f"c{number}, " for number in range(constants))
    return f"    {names}= constants\n" if constants else ""


class _Writer:
    """Writes expressions and collects their constants."""

    def __init__(self) -> None:
        self.constants: list[Any] = []
        self._values = 0
        self._owner = "o"
        self._depth = 0

    def true(self, node: Node) -> str:
        """Return an expression that holds if the node is TRUE."""
        return _WRITE[type(node)](self, node, True)

    def false(self, node: Node) -> str:
        """Return an expression that holds if the node is FALSE."""
        return _WRITE[type(node)](self, node, False)

    def constant(self, value: object) -> str:
        self.constants.append(value)
        return f"c{len(self.constants) - 1}"

    def value(self, field: Field) -> str:
        """Return an expression for the comparable value of a field."""
        return f"instant({self.read(field)})" if field.info.kind is Kind.DATETIME else self.read(field)

    def read(self, field: Field) -> str:
        """Return an expression for the value of a field; None when it, or an object on the path, is missing."""
        text = self._owner
        for position, info in enumerate(field.path):
            name = _identifier(info)
            if position and field.path[position - 1].nullable:
                variable = self._name()
                text = f"({variable}.{name} if ({variable} := {text}) is not None else None)"
            else:
                text = f"{text}.{name}"
        return text

    def known(self, field: Field) -> tuple[str, str]:
        """Return a guard against None, ending in `and ` or empty, and a name or expression for the value."""
        if not field.nullable:
            return "", self.value(field)
        variable = self._name()
        return f"({variable} := {self.value(field)}) is not None and ", variable

    def _name(self) -> str:
        self._values += 1
        return f"v{self._values}"

    def compare(self, node: Compare, wanted: bool) -> str:
        op = ("==" if node.op is Comparison.EQ else str(node.op)) if wanted else _OPPOSITE[node.op]
        guard, value = self.known(node.left)
        if isinstance(node.right, Field):
            second, other = self.known(node.right)
            return f"({guard}{second}{value} {op} {other})"
        return f"({guard}{value} {op} {self.constant(node.right)})"

    def distinct(self, node: Distinct, wanted: bool) -> str:
        other = self.value(node.right) if isinstance(node.right, Field) else self.constant(node.right)
        return f"({self.value(node.left)} {'!=' if wanted else '=='} {other})"

    def is_null(self, node: IsNull, wanted: bool) -> str:
        return f"({self.read(node.field)} {'is' if wanted else 'is not'} None)"

    def within(self, node: Within, wanted: bool) -> str:
        if not node.values:
            return str(not wanted)
        guard, value = self.known(node.field)
        return f"({guard}{value} {'in' if wanted else 'not in'} {self.constant(node.values)})"

    def match(self, node: Match, wanted: bool) -> str:
        guard, value = self.known(node.field)
        negation = "" if wanted else "not "
        if node.op is Matching.CONTAINS:
            return f"({guard}{self.constant(node.text)} {negation}in {value})"
        if node.op in {Matching.STARTSWITH, Matching.ENDSWITH}:
            return f"({guard}{negation}{value}.{node.op}({self.constant(node.text)}))"
        folded = node.op is Matching.ILIKE
        pattern = Pattern.parse(fold(node.text) if folded else node.text, str(node.field)).regex()
        subject = f"{value}.translate(fold)" if folded else value
        return f"({guard}{self.constant(pattern.match)}({subject}) {'is not' if wanted else 'is'} None)"

    def truth(self, node: Truth, wanted: bool) -> str:
        guard, value = self.known(node.field)
        return f"({guard}{'' if wanted else 'not '}{value})"

    def negation(self, node: Not, wanted: bool) -> str:
        return self.false(node.part) if wanted else self.true(node.part)

    def conjunction(self, node: And, wanted: bool) -> str:
        return self._joined(node.parts, wanted=wanted, word="and" if wanted else "or")

    def disjunction(self, node: Or, wanted: bool) -> str:
        return self._joined(node.parts, wanted=wanted, word="or" if wanted else "and")

    def _joined(self, parts: tuple[Node, ...], *, wanted: bool, word: str) -> str:
        written = [self.true(part) if wanted else self.false(part) for part in parts]
        return f"({f' {word} '.join(written)})"

    def any_of(self, node: AnyOf, wanted: bool) -> str:
        return f"({'' if wanted else 'not '}any({self._members(node)}))"

    def all_of(self, node: AllOf, wanted: bool) -> str:
        return f"({'' if wanted else 'not '}all({self._members(node)}))"

    def _members(self, node: AnyOf | AllOf) -> str:
        members = self._iterable(node.field)
        outer = self._owner
        self._depth += 1
        self._owner = f"m{self._depth}"
        part = self.true(node.part)
        text = f"{part} for {self._owner} in {members}"
        self._owner = outer
        self._depth -= 1
        return text

    def _iterable(self, field: Field) -> str:
        """Return the members without `:=`, which is not allowed in the iterable of a comprehension."""
        guards: list[str] = []
        text = self._owner
        for position, info in enumerate(field.path):
            if position and field.path[position - 1].nullable:
                guards.append(f"{text} is not None")
            text = f"{text}.{_identifier(info)}"
        if field.info.nullable:
            text = f"({text} or ())"
        return f"({text} if {' and '.join(guards)} else ())" if guards else text

    def always(self, node: Always, wanted: bool) -> str:
        return str(node.value is wanted)


_WRITE: Final[dict[type, Callable[[_Writer, Any, bool], str]]] = {
    Compare: _Writer.compare,
    Distinct: _Writer.distinct,
    IsNull: _Writer.is_null,
    Within: _Writer.within,
    Match: _Writer.match,
    Truth: _Writer.truth,
    Not: _Writer.negation,
    And: _Writer.conjunction,
    Or: _Writer.disjunction,
    AnyOf: _Writer.any_of,
    AllOf: _Writer.all_of,
    Always: _Writer.always,
}


def _identifier(info: FieldInfo) -> str:
    if not info.name.isidentifier() or keyword.iskeyword(info.name):
        raise UnsupportedPredicateError(f"{info.name!r} is not a valid attribute name in Python", "a predicate")
    return info.name
