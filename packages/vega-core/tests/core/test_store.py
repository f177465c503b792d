"""The store: claims, counters, times and bounds; compared with a plain dict of values and deadlines."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.core import MemoryStore, Store, StoreError, StoreUnavailableError
from vega.errors import ErrorKind

T = TypeVar("T")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def test_the_memory_store_is_a_store() -> None:
    assert isinstance(MemoryStore(), Store)


def test_a_value_is_kept_for_its_time() -> None:
    async def story() -> None:
        clock = Clock()
        store = MemoryStore(clock=clock)
        await store.set("key", b"value", ttl=10)
        await store.set("kept", b"value", ttl=None)

        clock.now += 9.999
        assert await store.get("key") == b"value"
        clock.now += 0.001
        assert await store.get("key") is None
        assert await store.get("kept") == b"value"

    run(story())


def test_of_fifty_claims_one_is_granted_and_only_its_owner_fulfils_it() -> None:
    async def story() -> None:
        clock = Clock()
        store = MemoryStore(clock=clock)
        granted = await asyncio.gather(*(store.add("claim", b"%d" % n, ttl=5) for n in range(50)))
        assert granted.count(True) == 1

        clock.now += 5
        assert await store.add("claim", b"next", ttl=5)
        assert not await store.swap("claim", b"0", b"late", ttl=60)
        assert not await store.delete("claim", expected=b"0")
        assert await store.swap("claim", b"next", b"done", ttl=60)
        clock.now += 59
        assert await store.get("claim") == b"done"
        assert await store.delete("claim", expected=b"done")
        assert not await store.delete("claim")

    run(story())


def test_a_counter_keeps_the_time_it_was_made_with() -> None:
    async def story() -> None:
        clock = Clock()
        store = MemoryStore(clock=clock)
        assert await store.increment("window", ttl=60) == 1
        clock.now += 59
        assert await store.increment("window", 5, ttl=60) == 6
        assert await store.get("window") == b"6"
        clock.now += 1
        assert await store.increment("window", -2, ttl=60) == -2

    run(story())


def test_threads_count_every_time() -> None:
    store = MemoryStore()

    async def count() -> None:
        for _ in range(500):
            await store.increment("hits", ttl=None)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: asyncio.run(count()), range(4)))

    assert run(store.get("hits")) == b"2000"


def test_the_least_recently_used_goes_first_when_the_store_is_full() -> None:
    async def story() -> None:
        store = MemoryStore(max_keys=2)
        await store.set("old", b"", ttl=None)
        await store.set("older", b"", ttl=1)
        await store.get("old")
        await store.set("new", b"", ttl=60)

        assert [await store.get(key) is not None for key in ("old", "older", "new")] == [True, False, True]

    run(story())


def test_what_has_run_out_goes_before_what_is_alive() -> None:
    async def story() -> None:
        clock = Clock()
        store = MemoryStore(max_keys=2, clock=clock)
        await store.set("alive", b"", ttl=None)
        await store.set("over", b"", ttl=1)
        clock.now += 1
        await store.set("new", b"", ttl=None)

        assert await store.get("alive") == b""
        assert len(store) == 2

    run(story())


def test_any_number_of_keys_stays_within_the_bounds() -> None:
    async def story() -> int:
        store = MemoryStore(max_keys=2_000, max_bytes=1_000_000)
        tracemalloc.start()
        for number in range(20_000):
            await store.increment(f"rate:{number}", ttl=60 + number % 7)
            await store.set("same", b"x", ttl=1 + number % 5)
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(store) <= 2_000
        return used

    assert run(story()) < 1_200_000


WRONG: list[Callable[[MemoryStore], Awaitable[object]]] = [
    lambda store: store.get(""),
    lambda store: store.get(b"key"),  # type: ignore[arg-type] # the point
    lambda store: store.set("key", "text", ttl=1),  # type: ignore[arg-type] # the point
    lambda store: store.set("key", b"", ttl=0),
    lambda store: store.add("key", b"", ttl=float("nan")),
    lambda store: store.swap("key", b"", b"", ttl=float("inf")),
    lambda store: store.delete(""),
    lambda store: store.set("key", bytes(2000), ttl=1),
    lambda store: store.increment("word", ttl=1),
    lambda store: store.increment("blank", ttl=1),
    lambda store: store.increment("key", 2**63, ttl=1),
]


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_key_value_or_time_is_refused_and_changes_nothing(
    call: Callable[[MemoryStore], Awaitable[object]],
) -> None:
    async def story() -> None:
        store = MemoryStore(max_bytes=2000)
        await store.set("word", b"word", ttl=None)
        await store.set("blank", b" 1", ttl=None)
        with pytest.raises(StoreError):
            await call(store)

        assert await store.get("word") == b"word"
        assert await store.get("key") is None

    run(story())


@pytest.mark.parametrize(("max_keys", "max_bytes"), [(0, 1), (1, 0)])
def test_bounds_below_one_are_refused(max_keys: int, max_bytes: int) -> None:
    with pytest.raises(StoreError):
        MemoryStore(max_keys=max_keys, max_bytes=max_bytes)


def test_an_unreachable_store_is_told_from_a_wrong_call() -> None:
    assert StoreUnavailableError("x").kind is ErrorKind.UNAVAILABLE
    assert StoreError("x").kind is ErrorKind.INTERNAL


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from([b"1", b"22", b"-3"])
TIMES = st.sampled_from([None, 1.0, 2.5])
STEPS = st.one_of(
    st.tuples(st.just("set"), KEYS, VALUES, TIMES),
    st.tuples(st.just("add"), KEYS, VALUES, TIMES),
    st.tuples(st.just("swap"), KEYS, VALUES, VALUES, TIMES),
    st.tuples(st.just("delete"), KEYS, st.one_of(st.none(), VALUES)),
    st.tuples(st.just("increment"), KEYS, st.integers(-5, 5), TIMES),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, 2.0])),
)


class Plain:
    """The same store as a dict without bounds, written the slow way."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.kept: dict[str, tuple[bytes, float]] = {}

    def value(self, key: str) -> bytes | None:
        value, deadline = self.kept.get(key, (b"", 0.0))
        return value if deadline > self.now else None

    def step(self, name: str, *words: Any) -> object:
        return getattr(self, name)(*words)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def set(self, key: str, value: bytes, ttl: float | None) -> None:
        self.kept[key] = value, self.now + (ttl or float("inf"))

    def add(self, key: str, value: bytes, ttl: float | None) -> bool:
        free = self.value(key) is None
        if free:
            self.set(key, value, ttl)
        return free

    def swap(self, key: str, old: bytes, new: bytes, ttl: float | None) -> bool:
        same = self.value(key) == old
        if same:
            self.set(key, new, ttl)
        return same

    def delete(self, key: str, expected: bytes | None) -> bool:
        there = self.value(key)
        gone = there is not None and expected in {None, there}
        if gone:
            del self.kept[key]
        return gone

    def increment(self, key: str, by: int, ttl: float | None) -> int:
        there = self.value(key)
        if there is None:
            self.set(key, b"%d" % by, ttl)
            return by
        self.kept[key] = b"%d" % (int(there) + by), self.kept[key][1]
        return int(there) + by


@given(steps=st.lists(STEPS, max_size=40))
def test_any_steps_end_as_with_a_plain_dict(steps: list[tuple[Any, ...]]) -> None:
    async def story() -> None:
        clock, plain = Clock(), Plain()
        store = MemoryStore(clock=clock)
        for name, *words in steps:
            expected = plain.step(name, *words)
            clock.now = plain.now
            assert await _step(store, name, *words) == expected
            assert [await store.get(key) for key in "abc"] == [plain.value(key) for key in "abc"]

    run(story())


async def _step(store: MemoryStore, name: str, *words: Any) -> object:
    if name == "wait":
        return None
    if name == "delete":
        return await store.delete(words[0], expected=words[1])
    result: object = await getattr(store, name)(*words[:-1], ttl=words[-1])
    return result
