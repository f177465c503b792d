"""The lines that errors name: the nearest line of the user's code."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from vega.di import Container, Scope, ScopeClosedError


class Session: ...


def test_a_registration_made_by_another_package_of_vega_names_the_line_that_called_the_package() -> None:
    container = Container()
    plugin: dict[str, Any] = {"__name__": "vega.data.plugin", "__package__": "vega.data", "Session": Session}
    exec("def install(container):\n    container.register(Session)", plugin)
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]  # CPython has frames
    plugin["install"](container)

    assert container.graph().services[0].where == f"{__file__}:{line}"


@pytest.mark.parametrize("package", ["vegan", "vega_shop", "shop.vega"])
def test_a_registration_made_by_a_package_of_the_user_names_its_own_line(package: str) -> None:
    container = Container()
    names = {"__name__": f"{package}.wiring", "__package__": package, "container": container, "Session": Session}

    exec(compile("\n\ncontainer.register(Session)", "wiring.py", "exec"), names)

    assert container.graph().services[0].where == "wiring.py:3"


def function(session: Session) -> list[Session]:
    return [session]


def generator(session: Session) -> Iterator[Session]:
    yield session


@pytest.mark.parametrize("work", [function, generator])
@pytest.mark.parametrize("calls", [0, 1])
def test_a_bound_function_that_joins_a_closed_scope_names_the_line_of_its_caller(work: Any, calls: int) -> None:
    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    bound: Any = container.bind(work)
    for _ in range(calls):
        list(bound())
    with container.scope():
        kept = contextvars.copy_context()

    def late() -> None:
        list(bound())

    with pytest.raises(ScopeClosedError) as caught:
        kept.run(late)
    assert caught.value.where.endswith(f"used at {__file__}:{inspect.getsourcelines(late)[1] + 1}")
