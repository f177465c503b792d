"""What both checkers infer, without a plugin; mypy --strict and pyright read this file, nobody runs it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, NewType, Protocol, TypeVar, assert_type

from vega.di import All, Container, GraphView, Inject, Lazy, Provider, Scope, bind, get_container, injectable

T = TypeVar("T")


class Port(ABC):
    @abstractmethod
    def work(self) -> int: ...


class Adapter(Port):
    def work(self) -> int:
        return 1


class Shape(Protocol):
    def area(self) -> float: ...


class Square:
    def area(self) -> float:
        return 4.0


class Plain: ...


class Repo(Generic[T]): ...


class PlainRepo(Repo[Plain]): ...


UserId = NewType("UserId", str)


def make_adapter() -> Adapter:
    return Adapter()


container = Container({Port: Adapter})

container.register(Port, Adapter)
container.register(Port, make_adapter)
container.register(Port, lambda: Adapter(), when=True)  # noqa: PLW0108  # lambdas are inferred too
container.register(Shape, Square, scope=Scope.SINGLETON)
container.register(Plain)
container.register(Repo[Plain], PlainRepo)
container.register(UserId, lambda: UserId("ada"))
container.register_named(Port, "fast", Adapter)
container.register_factory(Port, lambda sp: Adapter())
container.register_instance(Plain, Plain())
container.register_instance(Port, Adapter())

assert_type(container.resolve(Port), Port)
assert_type(container.resolve(Shape), Shape)
assert_type(container.resolve(Plain), Plain)
assert_type(container.resolve(Repo[Plain]), Repo[Plain])
assert_type(container.resolve(Port, name="fast"), Port)
assert_type(container.resolve(All[Plain]), All[Plain])
assert_type(container.graph(), GraphView)
assert_type(get_container(), Container)

with container.scope() as scope:
    assert_type(scope.resolve(Port), Port)
    assert_type(scope.resolve(Shape), Shape)


async def ask() -> None:
    assert_type(await container.aresolve(Port), Port)
    async with container.scope() as scope:
        assert_type(await scope.aresolve(Shape), Shape)


@bind
def work(name: str, port: Port) -> int:
    return port.work()


@bind(name="fast")
async def wait(port: Port) -> str:
    return "done"


@injectable(scope=Scope.SINGLETON)
class Marked: ...


def wishes(lazy: Lazy[Port], provider: Provider[Shape], every: All[Port], marked: Inject[Plain]) -> None:
    assert_type(lazy(), Port)
    assert_type(provider(), Shape)
    assert_type(every[0], Port)
    assert_type(marked, Plain)


assert_type(work, Callable[..., int])
assert_type(work("x"), int)
assert_type(Marked(), Marked)
assert_type(container.bind(make_adapter), Callable[..., Adapter])
