"""Values that a scope is given."""

from typing import Generic, TypeVar

import pytest

from vega.di import Container, InvalidInstanceError, Scope

T = TypeVar("T")


class Thing: ...


class Request(Generic[T]):
    """Generic, as the requests of web frameworks are, and given without its parameter."""


def test_a_generic_class_is_given_as_it_is() -> None:
    request: Request[int] = Request()

    with Container().scope({Request: request}) as scope:
        found = scope.resolve(Request)

    assert found is request


def test_expecting_twice_changes_nothing() -> None:
    container = Container()
    container.register(Thing, scope=Scope.SCOPED)
    container.expect(Thing)
    container.expect(Thing)

    with container.scope() as scope:
        assert isinstance(scope.resolve(Thing), Thing)


def test_instances_that_do_not_fit_are_refused_as_values_of_a_scope() -> None:
    container = Container()
    container.expect(Thing)

    with pytest.raises(InvalidInstanceError):
        container.scope({Thing: None})
