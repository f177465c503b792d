"""The text, the namespace and the layout of a generated function.

Text of the user never becomes part of the code: keys, names, defaults and callables are reached through the
namespace of the function, under numbered names.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._graph.instance_check import NOTHING, verify
from .._runtime.build_once import aonce, once, release, wake
from .._runtime.claims import BROKEN, break_up
from .._runtime.closing import AsyncExit, Exit, close_opened_late, keep
from .._runtime.construction_errors import explain

if TYPE_CHECKING:
    from .._graph.node import Node

_serial = itertools.count(1)
_CALL = re.compile(r"_c(\d+)\(")

_COMMON: Mapping[str, Any] = {
    "__vega_plan__": True,
    "RELEASE": release,
    "ANEXT": anext,
    "AONCE": aonce,
    "BREAK": break_up,
    "BROKEN": BROKEN,
    "EXPLAIN": explain,
    "KEEP": keep,
    "LATE": close_opened_late,
    "LEN": len,
    "NEXT": next,
    "NOTHING": NOTHING,
    "ONCE": once,
    "VERIFY": verify,
    "HOOKS": sys.get_asyncgen_hooks,
    "SET_HOOKS": sys.set_asyncgen_hooks,
    "WAKE": wake,
    "AsyncExit": AsyncExit,
    "BaseException": BaseException,
    "Exception": Exception,
    "Exit": Exit,
    "ValueError": ValueError,
}


class Source:
    """The text and the namespace of a generated function."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = dict(_COMMON)
        self.text = ""
        self._constants: dict[int, str] = {}
        self.nodes: list[Node] = []

    def constant(self, value: Any) -> str:
        """Return the name of an object in the function."""
        name = self._constants.get(id(value))
        if name is None:
            name = self._constants[id(value)] = f"_k{len(self.names)}"
            self.names[name] = value
        return name

    def callee(self, node: Node) -> str:
        """Return the name of the callable of a node; the number locates errors."""
        self.nodes.append(node)
        name = f"_c{len(self.nodes) - 1}"
        self.names[name] = node.call
        return name

    def compile(self, parameters: str, body: Sequence[str], *, awaits: bool) -> Any:
        """Compile the function ``plan``."""
        self.text = f"{'async ' if awaits else ''}def plan({parameters}):\n{block(body)}"
        filename = f"<vega.di plan {next(_serial)}>"
        lines = {
            number: self.nodes[int(found[1])]
            for number, line in enumerate(self.text.splitlines(), 1)
            if (found := _CALL.search(line)) is not None
        }
        self.names["__vega_nodes__"] = lines
        self.names["__vega_source__"] = self.text
        exec(compile(self.text, filename, "exec", dont_inherit=True), self.names)  # noqa: S102  # text without user input
        return self.names["plan"]


def explained(lines: Sequence[str]) -> list[str]:
    """Write statements whose errors name the service under construction; without errors the cost is nil."""
    return ["try:", *map(indented, lines), "except Exception:", "    EXPLAIN()", "    raise"]


def indented(text: str, by: str = "    ") -> str:
    """Indent a statement and its further lines."""
    return by + indent(text, by)


def indent(text: str, by: str = "    ") -> str:
    """Indent the further lines of a statement."""
    return text.replace("\n", "\n" + by)


def block(lines: Sequence[str], by: str = "    ") -> str:
    """Write statements at one depth."""
    return "".join(f"{by}{indent(line, by)}\n" for line in lines)
