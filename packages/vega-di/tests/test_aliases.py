"""Aliases: two keys for one service."""

import pytest

from vega.di import Container, ContainerError, Scope


class Check: ...


class Disk(Check): ...


class Thing: ...


def test_an_alias_gives_the_same_object() -> None:
    container = Container()
    container.register(Disk, scope=Scope.SINGLETON)
    container.alias(Check, Disk)

    assert container.resolve(Check) is container.resolve(Disk)


def test_an_alias_of_nothing_and_of_several_is_found_at_build() -> None:
    container = Container()
    container.alias(Check, Disk)
    container.register(Thing)
    container.register(Thing)
    container.alias(object, Thing)

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert [error.code for error in caught.value.exceptions] == ["VG201", "VG204"]
