"""`validate` reports the mistakes of registrations and of bound functions together."""

from __future__ import annotations

import pytest

from vega.di import CaptiveDependencyError, CircularDependencyError, Container, ContainerError, Scope


class Absent: ...


class Missing: ...


class Service:
    def __init__(self, absent: Absent) -> None: ...


class First:
    def __init__(self, second: Second) -> None: ...


class Second:
    def __init__(self, first: First) -> None: ...


class Session: ...


class Keeper:
    def __init__(self, session: Session) -> None: ...


def _mistakes(container: Container) -> list[str]:
    with pytest.raises(ContainerError) as caught:
        container.validate()
    return sorted(str(error).partition("\n")[0].partition("] ")[2] for error in caught.value.exceptions)


def test_a_function_is_checked_beside_registrations_with_mistakes() -> None:
    container = Container({Service: Service})
    container.bind(lambda service, missing: None, given=[])

    def call(service: Service, missing: Missing) -> None: ...

    container = Container({Service: Service})
    container.bind(call, given=[])
    container.bind(call, given=["missing"])

    assert _mistakes(container) == ["nothing provides Absent", "nothing provides Missing"]
    assert list(container.injected(call)) == ["service"]
    container.register(Absent)
    assert _mistakes(container) == ["nothing provides Missing"]
    container.register(Missing)
    container.validate()


def test_functions_are_checked_beside_mistakes_of_every_kind() -> None:
    container = Container({Service: Service, First: First, Second: Second})
    container.register(Session, scope=Scope.SCOPED)
    container.register(Keeper, scope=Scope.SINGLETON)

    def call(first: First, keeper: Keeper, service: Service, missing: Missing) -> None: ...

    container.bind(call, given=[])
    container.bind(call, given=["missing"], scope=Scope.SINGLETON)
    with pytest.raises(ContainerError) as caught:
        container.validate()
    kinds = [type(error) for error in caught.value.exceptions]
    assert kinds.count(CircularDependencyError) == 1
    assert CaptiveDependencyError in kinds
    assert {"nothing provides Absent", "nothing provides Missing"} <= set(_mistakes(container))


def test_a_container_with_mistakes_resolves_nothing() -> None:
    container = Container({Service: Service, Missing: Missing})
    for _ in range(2):
        with pytest.raises(ContainerError):
            container.resolve(Missing)
        with pytest.raises(ContainerError):
            container.validate()


@pytest.mark.parametrize("local", [True, False])
def test_an_override_counts_while_registrations_have_mistakes(local: bool) -> None:
    def call(missing: Missing) -> None: ...

    container = Container()
    container.bind(call, given=[])
    with container.override({Missing: Missing()}, local=local):
        container.register(Service)
        assert _mistakes(container) == ["nothing provides Absent"]
