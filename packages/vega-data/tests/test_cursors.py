"""Pages by cursor: every row that stays is seen exactly once, whatever comes and goes between the pages."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from vega.data import Database, SQLAlchemyRepository
from vega.patterns import Specification
from vega.patterns.query import InvalidCursorError, Query

FULL = bool(os.environ.get("VEGA_FULL"))
ROWS = 10_000
SIZES = [1, 2, 3, 7, 100]


@dataclass(frozen=True, slots=True)
class Ranked:
    id: int
    rank: int | None


class Below(Specification[Ranked]):
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def predicate(self, ranked: Any) -> Any:
        return ranked.id < self.limit


def rank(number: int) -> int | None:
    """Three in ten have none, and the others share few."""
    return None if number % 10 < 3 else number % 13


async def pages(query: Query[Ranked], size: int, *, backward: bool) -> AsyncIterator[list[int]]:
    page = await query.cursor(size=size)
    while not backward:
        yield [row.id for row in page]
        if page.next is None:
            return
        page = await query.cursor(after=page.next, size=size)
    last = await query.offset(0).get()
    end = await query.cursor(after=await _cursor_of(query, len(last)), size=size)
    page = end
    yield [row.id for row in page]
    while page.previous is not None:
        page = await query.cursor(before=page.previous, size=size)
        yield [row.id for row in page]


async def _cursor_of(query: Query[Ranked], count: int) -> str:
    """Return the cursor behind all rows but the last ones."""
    page = await query.cursor(size=count - 1)
    assert page.next is not None
    return page.next


ORDERS: list[Callable[[Query[Ranked]], Query[Ranked]]] = [
    lambda query: query.order_by("rank"),
    lambda query: query.order_by("rank", "desc"),
    lambda query: query.order_by("rank", "asc", nulls="first"),
    lambda query: query.order_by("rank", "desc", nulls="first"),
]


@pytest.mark.parametrize(
    ("rows", "sizes", "orders"),
    [(ROWS, [100], ORDERS[:2]), (300, SIZES, ORDERS)] if FULL else [(400, [7, 100], ORDERS)],
)
def test_every_row_that_stays_is_seen_once(run: Any, rows: int, sizes: list[int], orders: list[Any]) -> None:
    async def body(ranked: Any) -> None:
        await ranked.add_many([Ranked(number, rank(number)) for number in range(1, rows + 1)])
        for ordered in orders:
            query = ordered(ranked.query())
            expected = [row.id for row in await query.get()]
            for size in sizes:
                for backward in (False, True):
                    seen = [page async for page in pages(query, size, backward=backward)]
                    in_order = reversed(seen) if backward else seen
                    assert [one for page in in_order for one in page] == expected

    run(Ranked, body)


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_every_size_lead_through_many_rows(request: pytest.FixtureRequest, run: Any, size: int) -> None:
    is_quick = request.node.callspec.params["run"] != "memory" or size >= 100  # which reads all rows for each page
    rows, turn = (ROWS if is_quick else 1_000) if FULL else 200, SIZES.index(size)

    async def body(ranked: Any) -> None:
        await ranked.add_many([Ranked(number, rank(number)) for number in range(1, rows + 1)])
        query = ORDERS[turn % len(ORDERS)](ranked.query())
        expected = [row.id for row in await query.get()]
        seen = [page async for page in pages(query, size, backward=turn % 2 == 1)]
        in_order = reversed(seen) if turn % 2 == 1 else seen
        assert [one for page in in_order for one in page] == expected

    run(Ranked, body)


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_every_size_among_many_rows_follow_one_another(run: Any, size: int) -> None:
    rows = ROWS if FULL else 600

    async def body(ranked: Any) -> None:
        await ranked.add_many([Ranked(number, rank(number)) for number in range(1, rows + 1)])
        for ordered in ORDERS:
            query = ordered(ranked.query())
            everything = await query.get()
            expected, known = [row.id for row in everything], [row.rank is not None for row in everything]
            boundary = known.index(not known[0])  # where the rows without a rank begin or end
            for start in (size, max(size, boundary - size), rows - 3 * size):
                cursor = await _cursor_of(query, start + 1)
                after = await query.cursor(after=cursor, size=size)
                before = await query.cursor(before=after.previous, size=size)
                beyond = await query.cursor(after=after.next, size=size)
                assert [row.id for row in before] == expected[start - size : start]
                assert [row.id for row in after] == expected[start : start + size]
                assert [row.id for row in beyond] == expected[start + size : start + 2 * size]

    run(Ranked, body)


def test_rows_that_come_and_go_between_pages_leave_the_others_seen_once(run: Any) -> None:
    async def body(ranked: Any) -> None:
        await ranked.add_many([Ranked(number, rank(number)) for number in range(1000, 2000)])
        stays = set(range(1100, 2000))
        query, seen, turn = ranked.query().order_by("rank"), [], 0
        page = await query.cursor(size=7)
        while True:
            seen += [row.id for row in page]
            turn += 1
            await ranked.add(Ranked(5000 + turn, rank(turn)))
            await ranked.delete_where(Below(1000 + min(turn, 100)))
            if page.next is None:
                break
            page = await query.cursor(after=page.next, size=7)
        assert sorted(one for one in seen if one in stays) == sorted(stays)

    run(Ranked, body)


def test_cursors_that_were_changed_or_are_of_another_query_are_refused(run: Any) -> None:
    async def body(ranked: Any) -> None:
        await ranked.add_many([Ranked(number, rank(number)) for number in range(1, 50)])
        cursor = (await ranked.query().order_by("rank").cursor(size=5)).next
        changed = [
            cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor) - 1)
        ]
        for wrong in [*changed, cursor + "A", cursor[:-4], cursor.swapcase()]:
            with pytest.raises(InvalidCursorError):
                await ranked.query().order_by("rank").cursor(after=wrong, size=5)
        for other in (ranked.query(), ranked.query().order_by("rank", "desc"), ranked.query().where("id", ">", 3)):
            with pytest.raises(InvalidCursorError):
                await other.cursor(after=cursor, size=5)

    run(Ranked, body)


INDEXES = ["rank ASC NULLS LAST", "rank DESC NULLS LAST", "rank ASC NULLS FIRST", "rank DESC NULLS FIRST"]


@pytest.mark.parametrize("number", range(len(ORDERS)))
def test_a_late_page_is_found_in_the_middle_of_the_index(database_url: str, sent: Any, number: int) -> None:
    """Three rows in ten have no rank, the others share one with few; a walk would be many times the work."""
    rows, size = ROWS if FULL else 1_500, 20

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            ranked = SQLAlchemyRepository(Ranked, database=database)
            await database.create_all()
            await ranked.add_many([Ranked(one, None if one % 10 < 3 else one // 3) for one in range(1, rows + 1)])
            column = INDEXES[number] if database.dialect == "postgresql" else INDEXES[number].partition(" NULLS")[0]
            way = "DESC" if "DESC" in column else "ASC"  # the identifier follows the last key
            async with database.engine.begin() as connection:
                await connection.exec_driver_sql(f"CREATE INDEX by_rank ON rankeds ({column}, id {way})")
                await connection.exec_driver_sql("ANALYZE")
            query = ORDERS[number](ranked.query())
            with sent(database) as first:
                await query.cursor(size=size)
            least = await work(database, first[0])
            for start in (size, rows // 7, rows // 2 - 1, rows // 2, rows * 17 // 20, rows - size):
                page = await query.cursor(size=start)
                for place in ({"after": page.next}, {"before": page.next}):
                    with sent(database) as late:
                        await query.cursor(size=size, **place)
                    assert len(late) == 1  # the part that begins there is long enough
                    assert await work(database, late[0]) < 4 * least

    asyncio.run(main())


async def work(database: Database, statement: Any) -> int:
    """Return how many rows PostgreSQL looks at for a statement, or how many instructions SQLite's machine takes."""
    async with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            plan = (await connection.exec_driver_sql(explained, statement.parameters)).scalar_one()
            return _rows(plan[0]["Plan"])
        driver: Any = (await connection.get_raw_connection()).driver_connection
        steps = itertools.count()
        await driver.set_progress_handler(lambda: next(steps) * 0, 1)
        await connection.exec_driver_sql(statement, statement.parameters)
        await driver.set_progress_handler(None, 1)
        return next(steps)


def _rows(plan: dict[str, Any]) -> int:
    parts = plan.get("Plans", [])
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return int(sum(map(_rows, parts)) if parts else own)
