"""What vega-core costs beside the same by hand: running a use case, and starting an application of 1,000 modules.

    python benchmarks/core.py [--rounds 101] [--calls 200] [--modules 1000] [--starts 5]

A use case with a checked `Input` and three injected dependencies is awaited, and the same is written by hand: the
same pydantic model, the same objects with the same lifetimes, the same coroutine. Rounds are interleaved; the figure
is the median over the rounds of the ratio within a round. Within a scope that is open, as at every edge, the limit is
1.5; where the call opens its own, it is 1.5 of the same with a context variable that holds the scope by hand, and the
ratio to no scope at all is shown beside. Of the start, each in a process of its own, the figure is the share of the
CPU time that plain imports of the same modules take; at least 90 %. Exits 1 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass

from _core_start import share_of_imports
from pydantic import BaseModel, Field

from vega.di import Container, Scope, bind, set_container
from vega.patterns import Interactor

LIMIT, SHARE = 1.5, 0.9


class Users:
    """One for each unit of work."""

    async def add(self, name: str) -> str:
        return name


class Mailer:
    """One for the process."""

    async def send(self, to: str) -> None: ...


class Clock:
    """One for the process."""

    def now(self) -> int:
        return 7


class CreateUser(Interactor[str]):
    class Input(BaseModel):
        name: str = Field(min_length=2, max_length=50)
        email: str
        age: int = Field(ge=18)

    input: Input

    @bind
    async def call(self, users: Users, mailer: Mailer, clock: Clock) -> str:
        name = await users.add(self.input.name)
        await mailer.send(self.input.email)
        return f"{name} {clock.now()}"


@dataclass(slots=True)
class ByHand:
    input: CreateUser.Input

    async def call(self, users: Users, mailer: Mailer, clock: Clock) -> str:
        name = await users.add(self.input.name)
        await mailer.send(self.input.email)
        return f"{name} {clock.now()}"


MAILER, CLOCK = Mailer(), Clock()
CURRENT: ContextVar[dict[type, object]] = ContextVar("current")


async def by_hand(users: Users) -> str:
    use_case = ByHand(CreateUser.Input(name="Ada", email="ada@example.org", age=36))
    return await use_case.call(users, MAILER, CLOCK)


async def by_hand_alone() -> str:
    return await by_hand(Users())


async def by_hand_in_its_own() -> str:
    users = Users()
    token = CURRENT.set({Users: users})  # what the use case calls is to find the same object
    try:
        return await by_hand(users)
    finally:
        CURRENT.reset(token)


async def with_vega() -> str:
    return await CreateUser(name="Ada", email="ada@example.org", age=36)


async def seconds(call: Callable[[], Awaitable[str]], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        await call()
    return time.perf_counter() - started


async def ratios(rounds: int, calls: int) -> dict[str, tuple[float, float, bool]]:
    """Return for each case the ratio to by hand, the microseconds of one call by hand, and whether it is a promise."""
    container = Container()
    container.register(Users, scope=Scope.SCOPED)
    container.register_instance(Mailer, MAILER)
    container.register_instance(Clock, CLOCK)
    set_container(container)
    users = Users()
    assert await with_vega() == await by_hand_alone() == await by_hand_in_its_own() == "Ada 7"
    cases: dict[str, tuple[Callable[[], Awaitable[str]], bool, bool]] = {
        "in an open scope": (lambda: by_hand(users), True, True),
        "in a scope of its own": (by_hand_in_its_own, False, True),
        "in its own, none by hand": (by_hand_alone, False, False),
    }
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (hand, opens, _) in cases.items():
            spent = await seconds(hand, calls)
            async with container.scope() if opens else nullcontext():
                seen[name].append((await seconds(with_vega, calls) / spent, spent / calls * 1e6))
    return {
        name: (statistics.median(ratio for ratio, _ in seen[name]), min(spent for _, spent in seen[name]), promised)
        for name, (_, _, promised) in cases.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=101)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--modules", type=int, default=1000)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    kept = True
    for name, (ratio, spent, promised) in asyncio.run(ratios(options.rounds, options.calls)).items():
        kept = kept and (ratio <= LIMIT or not promised)
        limit = f"limit {LIMIT}" if promised else "no promise"
        print(f"use case, {name:25} {ratio:5.2f} of by hand, which takes {spent:.1f} us ({limit})")
    shares = [share_of_imports(options.modules) for _ in range(options.starts)]
    share = statistics.median(share for share, _ in shares)
    start = statistics.median(spent for _, spent in shares)
    kept = kept and share >= SHARE
    print(
        f"start, {options.modules} modules: {share:5.1%} is importing them, {start:.2f} s in all (at least {SHARE:.0%})"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
