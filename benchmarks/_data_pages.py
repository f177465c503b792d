"""How much more a late page by cursor costs than the first, in the order of a column with missing values and ties."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import Any

from vega.data import Database, EntityMapping, SQLAlchemyRepository
from vega.patterns.query import Query

ROWS, SIZE, REPEATS = 10_000, 2, 20
LIMIT = 1.5
PAGES = (1_000, 3_000, 4_999, 5_000)


@dataclass(frozen=True, slots=True)
class Ranked:
    id: int
    rank: int | None


def rank(number: int) -> int | None:
    """Three in ten have none, and the others share theirs with one or two."""
    return None if number % 10 < 3 else number // 3


async def late_pages(url: str, rounds: int) -> dict[int, float]:
    """Return the cost of each of the pages as the median ratio to the first one in the same round."""
    async with Database(url, package="-") as database:
        mapping = EntityMapping(indexes=(("rank", "id"),))
        ranked = SQLAlchemyRepository(Ranked, database=database, mapping=mapping)
        await database.create_all()
        await ranked.add_many([Ranked(number, rank(number)) for number in range(1, ROWS + 1)])
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("ANALYZE")
        query = ranked.query().order_by("rank")
        expected = [row.id for row in await query.get()]
        places: dict[int, str | None] = {1: None}
        for page in PAGES:
            places[page] = (await query.cursor(size=(page - 1) * SIZE)).next
            found = await query.cursor(after=places[page], size=SIZE)
            assert [row.id for row in found] == expected[(page - 1) * SIZE : page * SIZE]
        seen: dict[int, list[float]] = {page: [] for page in places}
        for _ in range(rounds + 1):
            for page, place in places.items():
                seen[page].append(await _seconds(query, place))
    first = seen.pop(1)[1:]
    return {
        page: statistics.median(late / one for late, one in zip(times[1:], first, strict=True))
        for page, times in seen.items()
    }


async def _seconds(query: Query[Any], place: str | None) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(REPEATS):
        await query.cursor(after=place, size=SIZE)
    return time.perf_counter() - started


def show_pages(title: str, ratios: dict[int, float]) -> bool:
    """Print the ratios; return whether the bound holds."""
    print(f"\n{title}: page by cursor of {SIZE}, ratio to the first page; limit {LIMIT}")
    print("  ".join(f"page {page:,}: {ratio:.2f}" for page, ratio in ratios.items()))
    return max(ratios.values()) <= LIMIT
