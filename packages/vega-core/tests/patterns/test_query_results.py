"""Results of queries: order, pages, cursors, groups and sums, all answered in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.patterns import Specification
from vega.patterns.query import (
    Aggregate,
    EntityFields,
    InvalidCursorError,
    InvalidPageError,
    InvalidPredicateError,
    MemoryExecutor,
    Naive,
    Query,
    UnknownOperatorError,
    UnsupportedPredicateError,
    avg,
    count,
    max_,
    min_,
    sum_,
)
from vega.patterns.query.values import describe, exact_add, mean

NIL = UUID(int=0)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Box:
    depth: int


@dataclass
class Item:
    id: int
    name: str | None = None
    colour: Colour | None = None
    price: Decimal | None = None
    stock: int = 0
    weight: float = 0.0
    sold: bool = False
    day: date = date(2024, 1, 1)
    at: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    local: Annotated[datetime, Naive()] = datetime(2024, 1, 1)  # noqa: DTZ001 - a local time
    clock: time = time(1)
    lasts: timedelta = timedelta(1)
    token: UUID = NIL
    raw: bytes = b""
    box: Box | None = None
    labels: dict[str, str] = field(default_factory=dict)


FIELDS = EntityFields.of(Item)


def asked(*items: Item) -> Query[Item]:
    return Query(FIELDS, MemoryExecutor(lambda: items, (FIELDS["id"],), cursor_secret=b"secret"))


def variety(number: int) -> Item:
    """Items in which every field repeats, so that ties are met."""
    step = number // 2
    return Item(
        number,
        None if step % 3 == 0 else f"n{step % 4}é",
        None if step % 2 else Colour.RED,
        None if step % 4 == 0 else Decimal(step % 3) / 7,
        step % 3,
        step / 3,
        bool(step % 2),
        date(2024, 1, 1 + step % 4),
        datetime(2024, 1, 1 + step % 4, microsecond=step, tzinfo=UTC),
        datetime(2024, 1, 1 + step % 4, microsecond=step),  # noqa: DTZ001 - a local time
        time(step % 4, microsecond=step),
        timedelta(microseconds=-step),
        UUID(int=step),
        bytes([step]),
        None if step % 3 == 1 else Box(step % 2),
    )


MANY = [variety(number) for number in range(13)]
ORDERABLE = ["name", "price", "stock", "weight", "sold", "day", "at", "local", "clock", "lasts", "token", "raw"]


async def walk(query: Query[Item], size: int) -> list[int]:
    """Walk to the end by cursors, then back to the start; both ways must see the same."""
    page = await query.cursor(size=size)
    pages = [page]
    while page.next is not None:
        page = await query.cursor(after=page.next, size=size)
        pages.append(page)
    forward = [item.id for each in pages for item in each]
    backward = [item.id for item in page]
    while page.previous is not None:
        page = await query.cursor(before=page.previous, size=size)
        backward = [item.id for item in page] + backward
    assert backward == forward
    assert all(len(each) == size for each in pages[:-1])
    return forward


@pytest.mark.parametrize("nulls", ["last", "first"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("name", [*ORDERABLE, "box.depth"])
def test_a_walk_by_cursors_sees_each_entity_once_in_order(name: str, direction: Any, nulls: Any) -> None:
    query = asked(*MANY).order_by(name, direction, nulls=nulls)

    seen = asyncio.run(walk(query, 3))

    assert seen == [item.id for item in asyncio.run(query.get())]
    assert sorted(seen) == list(range(13))


def test_a_walk_by_two_keys_with_conditions_sees_each_entity_once() -> None:
    query = (
        asked(*MANY)
        .where("stock", "in", [0, 1])
        .where(lambda i: i.name.is_null() | i.name.like("n%") | i.box.is_null())
        .order_by("name", "desc", nulls="first")
        .order_by(lambda i: i.price)
    )

    assert asyncio.run(walk(query, 2)) == [item.id for item in asyncio.run(query.get())]


def test_what_is_deleted_before_the_cursor_moves_nothing() -> None:
    items = list(MANY)
    query = Query(FIELDS, MemoryExecutor(lambda: items, (FIELDS["id"],)))
    first = asyncio.run(query.cursor(size=4))
    del items[:2]

    second = asyncio.run(query.cursor(after=first.next, size=4))

    assert [item.id for item in second] == [4, 5, 6, 7]


def test_equal_questions_have_one_description_in_any_order_of_their_values() -> None:
    values = [f"v{number}" for number in range(50)]
    one = asked().where("name", "in", values).where(lambda i: (i.stock == i.id) | ~i.sold)
    same = asked().where("name", "in", values[::-1]).where(lambda i: (i.stock == i.id) | ~i.sold)
    other = asked().where("name", "in", values[1:]).where(lambda i: (i.stock == i.id) | ~i.sold)

    assert describe(one.plan.node) == describe(same.plan.node)
    assert describe(one.plan.node) != describe(other.plan.node)


class Heavier(Specification[Item]):
    def __init__(self, than: float) -> None:
        self.than = than

    def is_satisfied_by(self, entity: Item) -> bool:
        return entity.weight > self.than


def test_a_cursor_belongs_to_the_specifications_of_its_query() -> None:
    async def main() -> None:
        page = await asked(*MANY).where(Heavier(0.5)).cursor(size=3)

        again = await asked(*MANY).where(Heavier(0.5)).cursor(after=page.next, size=3)
        assert [item.id for item in page] + [item.id for item in again] == [4, 5, 6, 7, 8, 9]
        with pytest.raises(InvalidCursorError, match="another query"):
            await asked(*MANY).where(Heavier(0.9)).cursor(after=page.next, size=3)

    asyncio.run(main())


@pytest.mark.parametrize("text", [5, "a", "é", "!!!!"])
def test_what_is_no_cursor_is_refused(text: Any) -> None:
    with pytest.raises(InvalidCursorError):
        asyncio.run(asked(*MANY).cursor(after=text))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("name", "up"), UnknownOperatorError),
        (("name", 1), UnknownOperatorError),
        (("labels",), UnsupportedPredicateError),
        (("colour",), UnsupportedPredicateError),
        ((lambda i: i.stock == 1,), InvalidPredicateError),
        ((lambda i: "stock",), InvalidPredicateError),
    ],
)
def test_an_order_that_is_not_the_same_everywhere_is_refused(
    arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        asked().order_by(*arguments)


def test_missing_values_stand_first_or_last_and_nowhere_else() -> None:
    with pytest.raises(UnknownOperatorError, match="last or first"):
        asked().order_by("name", nulls="middle")  # type: ignore[arg-type] # the mistake under test


@pytest.mark.parametrize(
    "ask",
    [
        lambda query: query.limit(True),
        lambda query: query.limit("5"),
        lambda query: query.limit(-1),
        lambda query: query.offset(2**31),
        lambda query: asyncio.run(query.page(0)),
        lambda query: asyncio.run(query.page(1, 0)),
        lambda query: asyncio.run(query.page(2**30, 100)),
        lambda query: asyncio.run(query.limit(3).page(1)),
        lambda query: asyncio.run(query.offset(3).slice(1)),
        lambda query: asyncio.run(query.limit(3).cursor()),
        lambda query: asyncio.run(query.cursor(size=0)),
    ],
)
def test_a_number_out_of_range_or_out_of_place_is_refused(ask: Callable[[Query[Item]], Any]) -> None:
    with pytest.raises(InvalidPageError):
        ask(asked(*MANY))


def test_limit_and_offset_choose_a_part() -> None:
    async def main() -> None:
        query = asked(*MANY)
        assert [item.id for item in await query.offset(10).limit(2).get()] == [10, 11]
        assert [item.id for item in await query.offset(11).get()] == [11, 12]
        assert await query.limit(0).first() is None
        assert await query.limit(0).one_or_none() is None
        assert (await query.where("id", "=", 4).one_or_none()) is MANY[4]

    asyncio.run(main())


def test_pages_are_walked_and_measured_like_lists() -> None:
    async def main() -> None:
        query = asked(*MANY)
        part = await query.slice(2, 5)
        assert ([item.id for item in part], len(part), part.has_next) == ([5, 6, 7, 8, 9], 5, True)
        empty = await query.where("id", "<", 0).cursor()
        assert (list(empty), len(empty), empty.next, empty.previous) == ([], 0, None, None)

    asyncio.run(main())


def test_a_stream_gives_every_entity_in_order() -> None:
    async def main() -> None:
        query = asked(*MANY).order_by("id", "desc")
        assert [item.id async for item in query.stream(batch=2)] == list(range(12, -1, -1))
        with pytest.raises(InvalidPageError):
            async for _ in query.stream(batch=0):
                pass

    asyncio.run(main())


def test_a_query_in_memory_explains_itself_without_its_constants() -> None:
    query = asked().where("name", "=", "a secret")

    explained = asyncio.run(query.explain())

    assert "name" in explained
    assert "a secret" not in explained
    with pytest.raises(UnsupportedPredicateError, match="explain"):
        query.to_sql()


def test_policies_that_are_lifted_add_up() -> None:
    assert asked().without("soft_delete").without("audit").plan.lifted == {"soft_delete", "audit"}


def test_aggregates_leave_missing_values_out() -> None:
    items = (
        Item(1, "a", price=Decimal("1.10"), stock=2),
        Item(2, "b", price=None, stock=3),
        Item(3, None, price=Decimal("2.20"), stock=5),
    )
    row = asyncio.run(
        asked(*items).aggregate(
            all=count(),
            priced=count("price"),
            total=sum_("price"),
            mean=avg(lambda i: i.price),
            most=max_("stock"),
            least=min_("name"),
        )
    )

    assert row == {
        "all": 3,
        "priced": 2,
        "total": Decimal("3.30"),
        "mean": Decimal("1.65"),
        "most": 5,
        "least": "a",
    }


def test_aggregates_over_nothing_are_none_and_counts_are_nought() -> None:
    row = asyncio.run(asked().aggregate(n=count(), s=sum_("stock"), a=avg("stock"), m=min_("stock"), c=count("name")))

    assert row == {"n": 0, "s": None, "a": None, "m": None, "c": 0}


def test_groups_stand_in_the_order_of_their_keys_missing_ones_last() -> None:
    items = (Item(1, "b", stock=1), Item(2, None, stock=2), Item(3, "a", stock=3), Item(4, "b", stock=4))

    rows = asyncio.run(asked(*items).group("name").aggregate(n=count(), total=sum_("stock")))

    assert rows == [
        {"name": "a", "n": 1, "total": 3},
        {"name": "b", "n": 2, "total": 5},
        {"name": None, "n": 1, "total": 2},
    ]


def test_groups_of_enums_stand_in_the_order_of_their_stored_text() -> None:
    items = (Item(1, colour=Colour.RED), Item(2, colour=Colour.BLUE), Item(3, colour=Colour.RED, sold=True))

    rows = asyncio.run(asked(*items).group(lambda i: i.colour, "sold").aggregate(n=count()))

    assert [(row["colour"], row["sold"]) for row in rows] == [
        (Colour.BLUE, False),
        (Colour.RED, False),
        (Colour.RED, True),
    ]


@pytest.mark.parametrize(
    ("column", "error"),
    [
        (sum_("weight"), UnsupportedPredicateError),
        (avg("name"), UnsupportedPredicateError),
        (max_("labels"), UnsupportedPredicateError),
        (Aggregate(sum_("stock").calculation), InvalidPredicateError),
        ("stock", InvalidPredicateError),
    ],
)
def test_a_calculation_that_is_not_the_same_everywhere_is_refused(column: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        asyncio.run(asked(*MANY).aggregate(x=column))


def test_a_field_without_equality_makes_no_groups() -> None:
    with pytest.raises(UnsupportedPredicateError, match="makes no groups"):
        asked().group("labels")


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=8)


@given(values=st.lists(DECIMALS | st.integers(-(10**20), 10**20), min_size=1))
def test_sums_are_exact_whatever_the_callers_context(values: list[Decimal | int]) -> None:
    with localcontext() as context:
        context.prec = 1
        total: Decimal | int = 0
        for value in values:
            total = exact_add(total, value)

    assert Fraction(total) == sum((Fraction(value) for value in values), Fraction(0))


def test_a_mean_has_28_digits() -> None:
    assert mean(1, 3) == Decimal("0." + "3" * 28)
