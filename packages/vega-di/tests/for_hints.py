"""Classes whose annotations are text, some of types that are imported for checkers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
