"""Classes whose annotations are text, some of types that are imported for checkers only."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from vega.di import Lazy, Named, bind

if TYPE_CHECKING:
    from elsewhere import Engine, Nowhere  # type: ignore[import-not-found]  # exists for no checker either


class Local: ...


class Text:
    def __init__(self, local: Local, engine: Engine, lazy: Lazy[Engine], named: Annotated[Engine, Named("x")]) -> None:
        self.found = local, engine, lazy, named


class Lost:
    def __init__(self, nowhere: Nowhere) -> None: ...


class Wrong:
    def __init__(self, thing: Local[3]) -> None: ...  # type: ignore[type-arg]  # cannot be evaluated


@bind
def bound(engine: Engine, count: int = 1) -> Engine:
    return engine


class Pair(NamedTuple):
    local: Local
    other: Local | None = None


def with_constructor(cls: type[Any]) -> type[Any]:
    """Give a class the constructor that its fields declare, compiled apart from its module, as attrs does."""
    names: dict[str, Any] = {}
    exec("def __init__(self, local): self.local = local", names)  # our own text
    names["__init__"].__annotations__ = dict(cls.__annotations__)
    cls.__init__ = names["__init__"]
    return cls


@with_constructor
class Generated:
    local: Local


class Calling(type):
    """Takes the arguments of the constructor itself, as the classes of msgspec do."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__call__()
        made.found = args, kwargs
        return made

    @property
    def __signature__(cls) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind, annotation=each) for name, each in cls.fields.items()])

    @property
    def fields(cls) -> dict[str, Any]:
        return {name: each for name, each in cls.__annotations__.items() if name != "found"}


class Struct(metaclass=Calling):
    local: Local
    found: Any
