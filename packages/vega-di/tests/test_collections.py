"""Collections: every implementation of a key, in order or by name."""

from collections.abc import Mapping
from typing import Any

import pytest

from vega.di import All, Container


class Check: ...


class Disk(Check): ...


class Net(Check): ...


def checks() -> Container:
    container = Container()
    container.register(Check, Disk)
    container.register_named(Check, "net", Net)
    return container


def container_all(container: Container) -> Any:
    return container.resolve(All[Check])


def test_all_gives_every_implementation_in_order_of_registration() -> None:
    class Health:
        def __init__(self, checks: All[Check]) -> None:
            self.checks = checks

    container = checks()
    container.register(Health)

    found = container.resolve(Health).checks

    assert isinstance(found, All)
    assert [type(each) for each in found] == [Disk, Net]


def test_all_of_nothing_is_empty() -> None:
    assert container_all(Container()) == ()


def test_a_mapping_gives_every_implementation_by_name() -> None:
    class Health:
        def __init__(self, checks: Mapping[str, Check]) -> None:
            self.checks = checks

    container = checks()
    container.register(Health)

    found = container.resolve(Health).checks

    assert {name: type(each) for name, each in found.items()} == {"Disk": Disk, "net": Net}
    with pytest.raises(TypeError):
        found["more"] = Disk()  # type: ignore[index]  # it cannot be changed
