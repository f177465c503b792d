"""Classes of entities of any form, free of what stores them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import attrs
import pytest
from pydantic import BaseModel

from vega.data import EntityMapping


@dataclass
class Plain:
    sku: str
    inner: list[PlainInner] = field(default_factory=list)


@dataclass
class PlainInner:
    text: str | None


@dataclass
class PlainOrder:
    id: int | None
    total: float
    lines: list[Plain] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True)
class FrozenOrder:
    id: int | None
    total: float
    lines: tuple[Plain, ...] = ()
    version: int = 0


@dataclass(slots=True)
class SlottedOrder:
    id: int | None
    total: float
    lines: list[Plain] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True, slots=True)
class FrozenSlottedOrder:
    id: int | None
    total: float
    lines: tuple[Plain, ...] = ()
    version: int = 0


class ModelLine(BaseModel):
    sku: str
    inner: list[PlainInner] = []


class ModelOrder(BaseModel):
    id: int | None
    total: float
    lines: list[ModelLine] = []
    version: int = 0


@attrs.define
class AttrsLine:
    sku: str
    inner: list[PlainInner] = attrs.Factory(list)


@attrs.define
class AttrsOrder:
    id: int | None
    total: float
    lines: list[AttrsLine] = attrs.Factory(list)
    version: int = 0


@attrs.frozen
class FrozenAttrsOrder:
    id: int | None
    total: float
    lines: tuple[AttrsLine, ...] = ()
    version: int = 0


FORMS = [
    (PlainOrder, Plain),
    (FrozenOrder, Plain),
    (SlottedOrder, Plain),
    (FrozenSlottedOrder, Plain),
    (ModelOrder, ModelLine),
    (AttrsOrder, AttrsLine),
    (FrozenAttrsOrder, AttrsLine),
]


@pytest.mark.parametrize(("order", "line"), FORMS, ids=lambda kind: kind.__name__)
def test_an_entity_of_this_form_is_stored_changed_found_and_deleted(
    run: Callable[..., Any], order: Any, line: Any
) -> None:
    holds = tuple if "Frozen" in order.__name__ else list

    def lines(*names: str) -> Any:
        return holds([line(sku=name, inner=[PlainInner("a"), PlainInner(None)]) for name in names])

    async def body(orders: Any) -> None:
        first = await orders.add(order(id=None, total=1.5, lines=lines("x", "y")))
        many = await orders.add_many([order(id=None, total=float(number), lines=lines("z")) for number in range(5)])
        found = await orders.get(first.id)
        assert found == first
        assert [one.sku for one in found.lines] == ["x", "y"]
        assert fields_of(found) == {"id", "total", "lines", "version"}

        changed = await orders.update(order(id=first.id, total=2.5, lines=lines("y"), version=found.version))
        assert await orders.get(first.id) == changed
        assert changed.version == 2
        assert [one.id for one in await orders.query().where("total", ">", 2.0).order_by("total").get()] == [
            first.id,
            many[3].id,
            many[4].id,
        ]
        assert await orders.delete(first.id)
        assert await orders.find_by_id(first.id) is None

    run(order, body, mapping=EntityMapping(version="version"))


def fields_of(entity: Any) -> set[str]:
    """Return everything that an entity holds."""
    if hasattr(entity, "__dict__"):
        return set(vars(entity))
    if attrs.has(type(entity)):
        return {one.name for one in attrs.fields(type(entity))}
    return {one.name for one in dataclasses.fields(entity)}
