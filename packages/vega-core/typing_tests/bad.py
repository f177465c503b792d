"""What checkers refuse of use cases, decorators, stores and the application: each line that is marked, and no other."""

from __future__ import annotations

from dataclasses import dataclass

from vega.core import Application, Store
from vega.core.telemetry import Counter, span
from vega.events import Event, subscribe
from vega.patterns import Interactor, set_behaviours, transactional, trigger, validate
from vega.patterns.validators import MoneyRule, PhoneRule


@dataclass(frozen=True)
class Created(Event):
    number: int


@dataclass(frozen=True)
class Double(Interactor[int]):
    number: int

    async def call(self) -> int:
        return 2 * self.number


@transactional
async def work(number: int) -> str:
    return str(number)


@validate
def half(number: int) -> float:
    return number / 2


@subscribe(Created)
async def note(event: Created) -> None: ...


@trigger(int)  # ERROR
@dataclass(frozen=True)
class Wrong(Interactor[int]):
    async def call(self) -> int:
        return 1


class OwnStore:
    async def get(self, key: str) -> str:
        return key


async def use(app: Application, store: Store) -> None:
    Double("2")  # ERROR
    Double(3, 4)  # ERROR
    text: str = await Double(2)  # ERROR
    await work("2")  # ERROR
    await work()  # ERROR
    half("2")  # ERROR
    number: int = half(2)  # ERROR
    await note(5)  # ERROR
    await store.set("key", "text", ttl=1)  # ERROR
    await store.set("key", b"bytes")  # ERROR
    keep(OwnStore())  # ERROR
    app.run(5)  # ERROR
    set_behaviours([5])  # ERROR
    Counter("orders", "Orders.").add("2")  # ERROR
    span("work", kind="boss")  # ERROR
    MoneyRule(5)  # ERROR
    PhoneRule(region=5)  # ERROR
    show(text, number)


def keep(store: Store) -> None: ...


def show(text: str, number: int) -> None: ...
