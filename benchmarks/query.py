"""The predicate language against hand-written Python: evaluating 10,000 objects, and building a query.

    python benchmarks/query.py [--rounds 15]

The figure is the median over the rounds of the ratio to the native loop in the same round; limit 1.5, and 10 for a
specification that is called for each object. Building is reported in microseconds, with its limit of 60.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vega.patterns import Specification
from vega.patterns.query import EntityFields, MemoryExecutor, Query, record, select

LIMIT, FILTER_LIMIT, BUILD_LIMIT = 1.5, 10.0, 60.0


@dataclass
class User:
    id: int
    age: int | None
    email: str
    active: bool


class OlderThan(Specification[User]):
    def __init__(self, age: int) -> None:
        self.age = age

    def predicate(self, user: User) -> bool:
        return user.age > self.age  # type: ignore[operator] # the predicate language compares what may be missing


USERS = [
    User(
        number,
        None if number % 11 == 0 else number % 90,
        f"u{number}@{'gmail' if number % 3 else 'x'}.com",
        number % 5 != 0,
    )
    for number in range(10_000)
]
FIELDS = EntityFields.of(User)
CASES: dict[str, tuple[Callable[[Any], Any], Callable[[], list[User]]]] = {
    "and, text": (
        lambda u: u.active & (u.age > 18) & u.email.contains("@gmail"),
        lambda: [u for u in USERS if u.active and u.age is not None and u.age > 18 and "@gmail" in u.email],
    ),
    "or, not": (
        lambda u: ~(u.age > 40) | ~u.active,
        lambda: [u for u in USERS if (u.age is not None and not u.age > 40) or not u.active],
    ),
    "in": (
        lambda u: u.age.in_([1, 2, 3, 4]),
        lambda: [u for u in USERS if u.age is not None and u.age in (1, 2, 3, 4)],
    ),
}


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(5):
        call()
    return (time.perf_counter() - started) / 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    kept = True
    for name, (predicate, native) in CASES.items():
        node = record(predicate, FIELDS)
        assert select(node, USERS) == native()
        ratios = []
        for _ in range(rounds):
            floor = seconds(native)
            ratios.append(seconds(lambda: select(node, USERS)) / floor)  # noqa: B023 - called at once
        ratio = statistics.median(ratios)
        kept = kept and ratio <= LIMIT
        print(f"{name:12} {ratio:6.2f} of the native loop (limit {LIMIT})")
    ratios = []
    for _ in range(rounds):
        floor = seconds(lambda: [user for user in USERS if user.age is not None and user.age > 18])
        ratios.append(seconds(lambda: list(filter(OlderThan(18).is_satisfied_by, USERS))) / floor)
    ratio = statistics.median(ratios)
    kept = kept and ratio <= FILTER_LIMIT
    print(f"{'filter':12} {ratio:6.2f} of the native loop (limit {FILTER_LIMIT:.0f})")
    query: Query[User] = Query(FIELDS, MemoryExecutor(lambda: USERS, (FIELDS["id"],)))
    build = statistics.median(
        seconds(
            lambda: query.where(lambda u: u.active & (u.age > 18)).where("email", "like", "%@gmail%").order_by("age")
        )
        for _ in range(rounds * 20)
    )
    print(f"{'building':12} {build * 1e6:6.1f} us (limit {BUILD_LIMIT:.0f})")
    return 0 if kept and build * 1e6 <= BUILD_LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
