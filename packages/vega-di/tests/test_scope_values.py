"""Values that a scope is given."""

from typing import Generic, TypeVar

from vega.di import Container

T = TypeVar("T")


class Request(Generic[T]):
    """Generic, as the requests of web frameworks are, and given without its parameter."""


def test_a_generic_class_is_given_as_it_is() -> None:
    request: Request[int] = Request()

    with Container().scope({Request: request}) as scope:
        found = scope.resolve(Request)

    assert found is request
