"""One predicate, one answer: in memory, on SQLite and on PostgreSQL, the order included."""

from __future__ import annotations

import asyncio
import math
import string
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Text, true

from vega.data import Database, InMemoryRepository, SQLAlchemyRepository
from vega.data._sql.compiler import _COMPILE, Compiler
from vega.data.types import CodePointText
from vega.patterns import QueryableRepository, Specification
from vega.patterns.query import EntityFields, MemoryExecutor, Order, Query, QueryError, avg, count, max_, min_, sum_
from vega.patterns.query._memory.codegen import _Writer
from vega.patterns.query.nodes import Not

Ask = Callable[[Query[Any]], Query[Any]]
Where = Callable[[Any], Any]
Key = tuple[str, str, str]


class Color(Enum):
    RED = "r"
    GREEN = "g"
    BLUE = "b"


@dataclass
class Item:
    sku: str | None
    quantity: int


@dataclass
class Place:
    city: str
    floor: int | None


@dataclass
class Row:
    id: int
    text: str | None
    other: str | None
    number: int | None
    weight: float | None
    price: Decimal | None
    at: datetime | None
    day: date | None
    hour: time | None
    wait: timedelta | None
    ref: UUID | None
    color: Color | None
    on: bool | None
    place: Place | None
    items: list[Item] = field(default_factory=list)


LETTERS = "aAbBzéÉßσΣςİıЖж%_\\*?[]^-\n' \"😀" + string.digits[:2]  # noqa: RUF001 - letters of several scripts are the point
texts = st.text(LETTERS, max_size=4) | st.sampled_from(["abc", "ABC", "a_c", "50%", "", "zed\nx", "é", "É"])
numbers = st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1])
weights = st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.1 + 0.2, 0.3, 1e308, -1e-308, float("inf"), -float("inf")])
prices = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**30), max_value=10**30) | (
    st.sampled_from([Decimal("0.1"), Decimal("0.10"), Decimal("0.3"), Decimal(0), Decimal("12345678901234567890.1234")])
    | st.sampled_from([Decimal("1E+999"), Decimal("-9E+999"), Decimal("1E-1000"), Decimal("-0.0"), Decimal("2E+3")])
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-7, minutes=-30))])
near_noon = st.builds(
    lambda seconds, zone: datetime(2026, 1, 1, 12, tzinfo=UTC).astimezone(zone) + timedelta(seconds=seconds),
    st.sampled_from([0, 1, -1, 0.000001, 86400]),
    zones,
)
# Hours that the clocks of these zones show twice, or never; Lord Howe changes by half an hour.
CHANGES = [
    (ZoneInfo("Europe/Berlin"), datetime(2024, 10, 27, 2)),  # noqa: DTZ001 - a time on the wall, whose zone is beside it
    (ZoneInfo("Europe/Berlin"), datetime(2024, 3, 31, 2)),  # noqa: DTZ001 - the same
    (ZoneInfo("America/New_York"), datetime(2024, 11, 3, 1)),  # noqa: DTZ001 - the same
    (ZoneInfo("Australia/Lord_Howe"), datetime(2024, 4, 7, 1, 30)),  # noqa: DTZ001 - the same
]
changes = st.builds(
    lambda change, minutes, fold: change[1].replace(tzinfo=change[0], fold=fold) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.sampled_from([0, 15, 30, 45]),
    st.integers(0, 1),
).flatmap(lambda moment: st.sampled_from([moment, moment.replace(fold=1 - moment.fold), moment.astimezone(UTC)]))
extremes = st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
moments = near_noon | changes | changes | extremes
days = st.dates(date(2025, 12, 30), date(2026, 1, 3))
hours = st.sampled_from([time(0), time(12, 30), time(12, 30, 0, 1), time(23, 59, 59, 999999)])
waits = st.sampled_from([timedelta(0), timedelta(seconds=-1), timedelta(days=400), timedelta(microseconds=1)]) | (
    st.sampled_from([timedelta(microseconds=2**63 - 1), -timedelta(microseconds=2**63 - 1)])
)
refs = st.sampled_from([UUID(int=1), UUID(int=2), UUID(int=2**127), UUID(int=2**128 - 1)])
places = st.builds(Place, texts, st.none() | numbers)
items = st.lists(st.builds(Item, st.none() | texts, numbers), max_size=3)

ORDERED: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "number": numbers,
    "weight": weights,
    "price": prices,
    "at": moments,
    "day": days,
    "hour": hours,
    "wait": waits,
    "ref": refs,
    "place.city": texts,
    "place.floor": numbers,
}
VALUES = ORDERED | {"color": st.sampled_from(Color), "on": st.booleans()}


ROWS = st.lists(
    st.builds(
        Row,
        id=st.just(0),
        text=st.none() | texts,
        other=st.none() | texts,
        number=st.none() | numbers,
        weight=st.none() | weights,
        price=st.none() | prices,
        at=st.none() | moments,
        day=st.none() | days,
        hour=st.none() | hours,
        wait=st.none() | waits,
        ref=st.none() | refs,
        color=st.none() | st.sampled_from(Color),
        on=st.none() | st.booleans(),
        place=st.none() | places,
        items=items,
    ),
    min_size=1,
    max_size=8,
).map(lambda drawn: [replace(row, id=number) for number, row in enumerate(drawn, 1)])


def at(path: str) -> Callable[[Any], Any]:
    def choose(record: Any) -> Any:
        for name in path.split("."):
            record = getattr(record, name)
        return record

    return choose


@st.composite
def matches(draw: st.DrawFn) -> Where:
    path, op = (
        draw(st.sampled_from(["text", "place.city"])),
        draw(st.sampled_from(["contains", "startswith", "endswith"])),
    )
    text = draw(texts)
    return lambda r: getattr(at(path)(r), op)(text)


@st.composite
def likes(draw: st.DrawFn) -> Where:
    path, op, text = (
        draw(st.sampled_from(["text", "place.city"])),
        draw(st.sampled_from(["like", "ilike"])),
        draw(patterns()),
    )
    return lambda r: getattr(at(path)(r), op)(text)


@st.composite
def of_members(draw: st.DrawFn) -> Where:
    quantity, every = draw(numbers), draw(st.booleans())
    inner = (lambda item: item.quantity > quantity) if draw(st.booleans()) else (lambda item: ~(item.sku == "abc"))
    return lambda r: r.items.all(inner) if every else r.items.any(inner)


@st.composite
def between_fields(draw: st.DrawFn) -> Where:
    op = draw(st.sampled_from(["__eq__", "__ne__", "__lt__", "__ge__"]))
    return lambda r: getattr(r.text, op)(r.other)


@st.composite
def comparisons(draw: st.DrawFn) -> Where:
    path = draw(st.sampled_from(sorted(ORDERED)))
    low, high = draw(ORDERED[path]), draw(ORDERED[path])
    op = draw(st.sampled_from(["__lt__", "__le__", "__gt__", "__ge__", "between"]))
    return lambda r: getattr(at(path)(r), op)(*((low, high) if op == "between" else (low,)))


@st.composite
def of_moments(draw: st.DrawFn) -> Where:
    low, op = draw(changes), draw(st.sampled_from(["__eq__", "__lt__", "__ge__", "is_distinct_from"]))
    return lambda r: getattr(r.at, op)(low)


@st.composite
def memberships(draw: st.DrawFn) -> Where:
    path = draw(st.sampled_from(sorted(VALUES)))
    values = draw(st.lists(VALUES[path], max_size=3))
    return lambda r: at(path)(r).in_(values)


@st.composite
def equalities(draw: st.DrawFn) -> Where:
    path = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.none() | VALUES[path])
    op = draw(st.sampled_from(["__eq__", "__ne__", "is_distinct_from"]))
    return lambda r: getattr(at(path)(r), op)(value)


@st.composite
def absences(draw: st.DrawFn) -> Where:
    path = draw(st.sampled_from([*sorted(VALUES), "place"]))
    return lambda r: at(path)(r).is_null()


@st.composite
def patterns(draw: st.DrawFn) -> str:
    parts = st.sampled_from([*"%_aAbéÉσΣ*?[]ß\n", r"\%", r"\_", r"\\"])  # noqa: RUF001 - several scripts are the point
    return "".join(draw(st.lists(parts, max_size=5)))


def joined(inner: st.SearchStrategy[Where]) -> st.SearchStrategy[Where]:
    return st.one_of(
        st.builds(lambda a, b: lambda r: a(r) & b(r), inner, inner),
        st.builds(lambda a, b: lambda r: a(r) | b(r), inner, inner),
        st.builds(lambda a: lambda r: ~a(r), inner),
    )


leaves = st.one_of(
    matches(),
    likes(),
    of_members(),
    between_fields(),
    comparisons(),
    memberships(),
    equalities(),
    absences(),
    st.just(lambda r: r.on),
)
predicates = st.recursive(leaves, joined, max_leaves=5)
orders = st.lists(
    st.tuples(
        st.sampled_from(sorted([*ORDERED, "on"])), st.sampled_from(["asc", "desc"]), st.sampled_from(["first", "last"])
    ),
    max_size=3,
    unique_by=lambda key: key[0],
)


class Objects:
    """Rows that no store has seen, as specifications and queries over objects meet them."""

    rows: list[Row]

    def query(self) -> Query[Row]:
        fields = EntityFields.of(Row)
        return Query(fields, MemoryExecutor(lambda: self.rows, (fields["id"],)))


@dataclass
class Everywhere:
    """The same rows as objects, in memory, on SQLite and on PostgreSQL."""

    memory: QueryableRepository[Row]
    stores: list[QueryableRepository[Row]]
    run: Callable[[Any], Any]
    objects: Objects = field(default_factory=Objects)

    async def fill(self, given_rows: list[Row]) -> None:
        self.objects.rows = given_rows
        for store in self.all():
            await store.delete_where(Everything())
            await store.add_many(given_rows)

    def all(self) -> list[QueryableRepository[Row]]:
        return [self.memory, *self.stores]

    def asked(self) -> list[Any]:
        return [self.objects, *self.all()]


class Everything(Specification[Row]):
    def predicate(self, row: Any) -> Any:
        return row.id.is_not_null()


@asynccontextmanager
async def opened(*urls: str) -> AsyncGenerator[list[QueryableRepository[Row]]]:
    async with AsyncExitStack() as stack:
        made: list[QueryableRepository[Row]] = []
        for url in urls:
            database = await stack.enter_async_context(Database(url, package="-"))
            made.append(SQLAlchemyRepository(Row, database=database))
            await database.create_all()
            stack.push_async_callback(database.drop_all)
        yield made


@contextmanager
def opened_everywhere(*urls: str) -> Iterator[Everywhere]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        stores = runner.run(stack.enter_async_context(opened(*urls)))
        try:
            yield Everywhere(InMemoryRepository(Row), stores, runner.run)
        finally:
            runner.run(stack.aclose())


@pytest.fixture(scope="module")
def everywhere(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    before, sign, query = postgres_server.partition("?")
    sqlite = f"sqlite:///{tmp_path_factory.mktemp('equivalence') / 'rows.db'}"
    with opened_everywhere(sqlite, f"{before.rstrip('/')}/postgres{sign}{query}") as found:
        yield found


def same_answers(everywhere: Everywhere, given_rows: list[Row], asked: list[tuple[Where, list[Key]]]) -> None:
    async def main() -> None:
        await everywhere.fill(given_rows)
        for where, order in asked:
            answers = []
            for store in everywhere.asked():
                query: Any = store.query().where(where)
                for path, direction, nulls in order:
                    query = query.order_by(path, direction, nulls=nulls)
                answers.append([row.id for row in await query.get()])
            assert answers[1:] == [answers[0]] * len(everywhere.all()), store.query().where(where).plan.nodes

    everywhere.run(main())


EXAMPLES = min(settings().max_examples // 2, 128)


@settings(max_examples=EXAMPLES * 3 // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_rows=ROWS, asked=st.lists(st.tuples(predicates, orders), min_size=16, max_size=16))
def test_every_store_gives_the_same_answer_in_the_same_order(
    everywhere: Everywhere, given_rows: list[Row], asked: list[tuple[Where, list[Key]]]
) -> None:
    same_answers(everywhere, given_rows, asked)


def without_escape(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("vega.data._sql.text_patterns.escape", lambda text: text)


def without_collation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CodePointText, "load_dialect_impl", lambda _, dialect: dialect.type_descriptor(Text()))
    patch.setattr(Compiler, "ordered", Compiler.column)


def without_a_place_for_nulls(patch: pytest.MonkeyPatch) -> None:
    def order(compiler: Compiler, key: Order) -> Any:
        column = compiler.ordered(key.field)
        return column.desc() if key.descending else column.asc()

    patch.setattr(Compiler, "order", order)


def with_null_unlike_anything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ColumnElement, "is_distinct_from", ColumnElement.__ne__)


def without_case(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ColumnElement, "like", ColumnElement.ilike)


def with_two_values_of_truth(patch: pytest.MonkeyPatch) -> None:
    def negation(compiler: Compiler, node: Not) -> Any:
        return compiler.clause(node.part).is_not(true())

    patch.setitem(_COMPILE, Not, negation)


def by_the_clock_on_the_wall(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("vega.patterns.query._memory.codegen._Writer.value", _Writer.read)


wildcards = st.builds(
    lambda op, text: lambda r: getattr(r.text, op)(text),
    st.sampled_from(["contains", "startswith", "endswith"]),
    st.sampled_from(["%", "_", "a%", "a_"]),
)
# Where few of all predicates meet a rule, those that may are drawn alone.
MUTATIONS = [
    (without_collation, predicates),
    (without_a_place_for_nulls, predicates),
    (with_two_values_of_truth, predicates),
    (without_escape, wildcards),
    (without_case, matches() | likes()),
    (with_null_unlike_anything, equalities()),
    (by_the_clock_on_the_wall, of_moments()),
]
SLOW = (without_case, by_the_clock_on_the_wall)


@pytest.mark.parametrize(
    ("mutation", "about"),
    [
        pytest.param(mutation, about, id=mutation.__name__, marks=[pytest.mark.full] if mutation in SLOW else [])
        for mutation, about in MUTATIONS  # those that take long to be noticed are left to `make check`
    ],
)
def test_a_rule_that_is_dropped_is_noticed(
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mutation: Callable[[pytest.MonkeyPatch], None],
    about: st.SearchStrategy[Where],
) -> None:
    @settings(
        max_examples=500,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(given_rows=ROWS, asked=st.lists(st.tuples(about, orders), min_size=16, max_size=16))
    def check(given_rows: list[Row], asked: list[tuple[Where, list[Key]]]) -> None:
        same_answers(mutated, given_rows, asked)

    mutation(monkeypatch)
    stores = opened_everywhere(f"sqlite:///{tmp_path / 'rows.db'}", postgres_url)
    with stores as mutated, pytest.raises((AssertionError, QueryError)):
        check()


@settings(max_examples=EXAMPLES * 2 // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_rows=ROWS)
def test_what_is_stored_comes_back_as_it_was(everywhere: Everywhere, given_rows: list[Row]) -> None:
    async def main() -> None:
        await everywhere.fill(given_rows)
        wanted = [replace(row, at=row.at and row.at.astimezone(UTC)) for row in given_rows]
        for store in everywhere.all():
            assert await store.find_all() == wanted

    everywhere.run(main())


@settings(max_examples=EXAMPLES * 2 // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_rows=ROWS, key=st.sampled_from(["on", "text", "color", "place.floor", "day", "at"]))
def test_every_store_calculates_the_same(everywhere: Everywhere, given_rows: list[Row], key: str) -> None:
    async def main() -> None:
        await everywhere.fill(given_rows)
        columns = {"n": count(), "known": count("text"), "sum": sum_("number"), "total": sum_("price")}
        columns |= {"mean": avg("number"), "least": min_("price"), "most": max_("text"), "last": max_("at")}
        answers = [
            (await store.query().aggregate(**columns), await store.query().group(key).aggregate(**columns))
            for store in everywhere.asked()
        ]
        assert answers[1:] == [answers[0]] * len(everywhere.all())

    everywhere.run(main())


@settings(max_examples=EXAMPLES * 3 // 10, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_rows=ROWS, order=orders, size=st.integers(1, 3))
def test_cursors_visit_every_row_once_in_both_directions(
    everywhere: Everywhere, given_rows: list[Row], order: list[tuple[str, str, str]], size: int
) -> None:
    async def main() -> None:
        await everywhere.fill(given_rows)
        for store in everywhere.asked():
            query: Any = store.query()
            for path, direction, nulls in order:
                query = query.order_by(path, direction, nulls=nulls)
            expected = [row.id for row in await query.get()]
            page = await query.cursor(size=size)
            forward, pages = [row.id for row in page], [page]
            while page.next:
                page = await query.cursor(after=page.next, size=size)
                forward += [row.id for row in page]
                pages.append(page)
            backward = [row.id for row in page]
            while page.previous:
                page = await query.cursor(before=page.previous, size=size)
                backward = [row.id for row in page] + backward
            assert forward == expected
            assert backward == expected

    everywhere.run(main())


@pytest.mark.parametrize(
    "where",
    [
        lambda r: r.color > Color.RED,
        lambda r: r.weight == math.nan,  # noqa: PLW0177 - that it is refused is the point
        lambda r: r.number + 1 == 2,
        lambda r: r.number // 2 == 1,
        lambda r: r.at == datetime(2026, 1, 1),  # noqa: DTZ001 - that it is refused is the point
        lambda r: r.price == 0.1,
        lambda r: r.text == 3,
        lambda r: r.number == True,  # noqa: E712 - a bool is no int here
        lambda r: r.text == "a\0b",
        lambda r: r.text == "\ud800",
        lambda r: r.number == 2**63,
        lambda r: r.number.in_([1, None]),
        lambda r: r.text.like("a\\"),
        lambda r: r.on < True,
    ],
)
def test_what_cannot_be_equal_is_refused_before_anything_is_sent(where: Where) -> None:
    with pytest.raises(QueryError):
        InMemoryRepository(Row).query().where(where)
