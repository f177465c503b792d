"""Mistakes that both checkers must find; each stands on a line that ends with the word ERROR."""

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from vega.di import Container, Scope

T = TypeVar("T")


class Port(ABC):
    @abstractmethod
    def work(self) -> int: ...


class Adapter(Port):
    def work(self) -> int:
        return 1


class Shape(Protocol):
    def area(self) -> float: ...


class Plain: ...


class Repo(Generic[T]): ...


class PortRepo(Repo[Port]): ...


def make_plain() -> Plain:
    return Plain()


container = Container()

container.register(Port, Plain)  # ERROR
container.register(Shape, Plain)  # ERROR
container.register(Adapter, Port)  # ERROR
container.register(Plain, Adapter)  # ERROR
container.register(Port, make_plain)  # ERROR
container.register(Repo[Plain], PortRepo)  # ERROR
container.register_named(Port, "name", Plain)  # ERROR
container.register(Port, Adapter, scope="singleton")  # ERROR
container.resolve(Plain, name=3)  # ERROR
Scope.SESSION  # ERROR
text: str = container.resolve(Plain)  # ERROR
