"""Closed scopes: the error of a use names the origin of the scope and the line."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from vega.di import Container, Scope, ScopeClosedError


class Session: ...


def ended_scope() -> Any:
    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    with container.scope() as scope:
        return scope


def test_the_line_that_used_it_is_named() -> None:
    scope = ended_scope()

    with pytest.raises(ScopeClosedError) as caught:
        scope.resolve(Session)

    line = inspect.getsourcelines(test_the_line_that_used_it_is_named)[1] + 4
    assert caught.value.where == f"a scope that was kept after its `with` block; used at {__file__}:{line}"


def test_what_opened_it_is_named_where_it_says_so() -> None:
    scope = ended_scope()
    scope.origin = lambda: "the job of Monday"

    with pytest.raises(ScopeClosedError, match="the scope of the job of Monday; used at "):
        scope.resolve(Session)


def test_a_use_from_generated_code_alone_has_no_line() -> None:
    scope = ended_scope()
    said: list[str] = []
    code = compile(
        "try:\n    scope.resolve(Session)\nexcept Exception as error:\n    said.append(error.where)", "x", "exec"
    )

    exec(code, {"__name__": "vega.made", "scope": scope, "Session": Session, "said": said})

    assert "used at " in said[0]
    assert "x:2" not in said[0]
