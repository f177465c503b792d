"""Frozen aggregates with identifiers of the database: events, versions and names that are taken, in every store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from vega.data import DuplicateEntityError, EntityMapping, StaleEntityError
from vega.events import Event, EventBus, set_event_bus
from vega.patterns import AggregateRoot

Runner = Callable[..., Any]


@dataclass(frozen=True)
class Opened(Event):
    name: str


@dataclass(frozen=True)
class Account(AggregateRoot):
    name: str
    id: int | None = None
    version: int = 0

    @classmethod
    def open(cls, name: str) -> Account:
        made = cls(name)
        made.record(Opened(name))
        return made


def test_a_frozen_aggregate_that_gets_its_number_keeps_its_events(run: Runner) -> None:
    heard: list[str] = []
    bus = EventBus()

    @bus.subscribe(Opened)
    async def hear(event: Opened) -> None:
        heard.append(event.name)

    async def body(accounts: Any) -> None:
        set_event_bus(bus)
        added = await accounts.add(Account.open("Ada"))
        many = await accounts.add_many([Account.open("Bob"), Account.open("Cid")])

        assert (added.id, added.version, added.pull_events()) == (1, 1, ())
        assert [one.id for one in many] == [2, 3]

    run(Account, body, mapping=EntityMapping(version="version"))

    assert heard == ["Ada", "Bob", "Cid"]


def test_a_new_entity_whose_number_is_taken_is_stale_and_one_whose_name_is_taken_is_a_duplicate(run: Runner) -> None:
    async def body(accounts: Any) -> None:
        await accounts.save(Account("Ada", id=1))
        with pytest.raises(StaleEntityError):
            await accounts.save(Account("Bob", id=1))
        with pytest.raises(DuplicateEntityError) as caught:
            await accounts.save(Account("Ada", id=2))

        assert caught.value.fields == ("name",)

    run(Account, body, mapping=EntityMapping(version="version", unique=("name",)))
