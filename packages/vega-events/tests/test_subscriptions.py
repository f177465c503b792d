"""Handlers: what may be one, and how they get on a bus and off it."""

import asyncio
import functools
import gc
import importlib
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.events import (
    Backoff,
    Event,
    EventBus,
    EventHandlerErrors,
    EventTypeError,
    HandlerError,
    SubscriptionError,
    event_handler,
    subscribe,
    use_event_bus,
)


@dataclass(frozen=True)
class Happened(Event):
    key: str = "k"


@dataclass(frozen=True)
class Other(Event): ...


def published(bus: EventBus, event: Event | None = None) -> None:
    asyncio.run(bus.publish(event or Happened()))


class Unhashable:
    __hash__ = None  # type: ignore[assignment]  # that is the point

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, event: Happened) -> None:
        self.seen.append(event.key)


class Slots:
    __slots__ = ("seen",)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def method(self, event: Happened) -> None:
        self.seen.append(event.key)


def two(prefix: str, event: Happened, seen: list[str]) -> None:
    seen.append(prefix + event.key)


async def atwo(event: Happened, *, seen: list[str]) -> None:
    seen.append(event.key)


def test_every_sort_of_callable_can_be_a_handler() -> None:
    bus, seen, unhashable, slots = EventBus(), list[Any](), Unhashable(), Slots()
    event = Happened()

    async def coroutine(event: Happened) -> None:
        seen.append("async")

    def plain(event: Happened) -> None:
        seen.append("sync")

    def lazily(event: Happened) -> Awaitable[None]:
        return coroutine(event)

    bus.subscribe(Happened, coroutine)
    bus.subscribe(Happened, plain)
    bus.subscribe(Happened, lazily)
    bus.subscribe(Happened, lambda event: seen.append("lambda"))
    bus.subscribe(Happened, lambda *everything: seen.append("star"))
    bus.subscribe(Happened, seen.append)
    bus.subscribe(Happened, functools.partial(atwo, seen=seen))
    bus.subscribe(Happened, functools.partial(two, "p", seen=seen))  # type: ignore[arg-type]  # mypy sees `seen` as missing
    bus.subscribe(Happened, unhashable)
    bus.subscribe(Happened, slots.method)
    published(bus, event)

    assert seen == ["async", "sync", "async", "lambda", "star", event, "k", "pk"]
    assert (unhashable.seen, slots.seen) == (["k"], ["k"])


def generator(event: Happened) -> Iterator[None]:
    yield


async def agenerator(event: Happened) -> AsyncIterator[None]:
    yield


class GeneratorObject:
    def __call__(self, event: Happened) -> Iterator[None]:
        yield


def test_weak_references_are_refused_also_to_a_dead_object() -> None:
    living = Unhashable()
    references = [weakref.WeakMethod(living.__call__), weakref.WeakMethod(Unhashable().__call__)]

    for reference in references:
        with pytest.raises(HandlerError, match="weak reference"):
            EventBus().subscribe(Happened, reference)  # type: ignore[arg-type]  # that is the mistake
    assert [reference() is None for reference in references] == [False, True]


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("send", "cannot be called"),
        (7, "cannot be called"),
        (Unhashable, "is a class"),
        (generator, "generator"),
        (agenerator, "generator"),
        (GeneratorObject(), "generator"),
        (lambda: None, "takes no event"),
        (lambda *, event: None, "takes no event"),
        (lambda event, more: None, "nothing supplies more"),
        (lambda event, *, more: None, "nothing supplies more"),
    ],
)
def test_what_is_no_handler_is_refused_and_leaves_the_bus_as_it_was(handler: Any, message: str) -> None:
    bus = EventBus()

    with pytest.raises(HandlerError, match=message):
        bus.subscribe(Happened, handler)
    published(bus)


@pytest.mark.parametrize("event_type", [None, "Happened", int, Happened(), list[Happened]])
def test_what_is_no_event_class_is_refused(event_type: Any) -> None:
    for register in (EventBus().subscribe, subscribe, event_handler):
        with pytest.raises(EventTypeError, match="is not an event class"):
            register(event_type)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"priority": "high"}, "is not an integer"),
        ({"priority": True}, "is not an integer"),
        ({"priority": 1.5}, "is not an integer"),
        ({"phase": "later"}, "no phase"),
        ({"when": "always"}, "cannot be called"),
        ({"max_retries": 3}, "max_retries has no effect"),
        ({"backoff": Backoff()}, "backoff has no effect"),
        ({"retry_on_error": True, "max_retries": -1}, "is not a count"),
        ({"retry_on_error": True, "max_retries": "3"}, "is not a count"),
        ({"retry_on_error": int}, "is not an Exception class"),
        ({"retry_on_error": ()}, "is not an Exception class"),
        ({"retry_on_error": (ValueError, BaseException)}, "is not an Exception class"),
    ],
)
def test_options_that_make_no_sense_are_refused_everywhere(options: Any, message: str) -> None:
    for register in (EventBus().subscribe, subscribe, event_handler):
        with pytest.raises(SubscriptionError, match=message):
            register(Happened, **options)


def test_the_same_handler_counts_once_and_other_options_are_an_error() -> None:
    bus, slots = EventBus(), Slots()

    bus.subscribe(Happened, slots.method, priority=1)
    bus.subscribe(Happened, slots.method, priority=1)
    with pytest.raises(SubscriptionError, match="already"):
        bus.subscribe(Happened, slots.method, priority=2)
    published(bus)

    assert slots.seen == ["k"]


def test_the_methods_of_two_objects_are_two_handlers() -> None:
    bus, first, second = EventBus(), Slots(), Slots()

    bus.subscribe(Happened, first.method)
    bus.subscribe(Happened, second.method)
    published(bus)

    assert (first.seen, second.seen) == (["k"], ["k"])


def test_unsubscribe_takes_off_and_says_whether_it_was_there() -> None:
    bus, slots = EventBus(), Slots()
    bus.subscribe(Happened, slots.method)
    published(bus)

    assert bus.unsubscribe(Other, slots.method) is False
    assert bus.unsubscribe(Happened, slots.method) is True
    assert bus.unsubscribe(Happened, slots.method) is False
    published(bus)
    assert slots.seen == ["k"]


class Handlers:
    def __init__(self) -> None:
        self.seen: list[str] = []

    @event_handler(Happened)
    @event_handler(Other, priority=3)
    async def both(self, event: Event) -> None:
        self.seen.append(f"both {event.event_name}")

    @event_handler(Happened, priority=10)
    def first(self, event: Happened) -> None:
        self.seen.append("first")

    @staticmethod
    @event_handler(Other)
    def static(_: None, event: Other | None = None) -> None: ...

    @property
    def broken(self) -> str:
        raise RuntimeError("a property is not touched")


class MoreHandlers(Handlers):
    def first(self, event: Happened) -> None:
        self.seen.append("an override without a mark")

    @event_handler(Happened, priority=-1)
    def last(self, event: Happened) -> None:
        self.seen.append("last")


def test_register_subscribes_every_marked_method_of_an_object() -> None:
    bus, handlers = EventBus(), Handlers()

    assert bus.register(handlers) == 4
    assert bus.register(handlers) == 0
    published(bus)
    published(bus, Other())

    assert handlers.seen == ["first", "both Happened", "both Other"]


def test_a_method_that_a_subclass_overrides_without_a_mark_is_no_handler() -> None:
    bus, handlers = EventBus(), MoreHandlers()

    bus.register(handlers)
    published(bus)

    assert handlers.seen == ["both Happened", "last"]


def test_unregister_takes_one_object_off() -> None:
    bus, first, second = EventBus(), MoreHandlers(), MoreHandlers()
    bus.register(first)
    bus.register(second)

    assert bus.unregister(first) == 3
    published(bus)

    assert (first.seen, second.seen) == ([], ["both Happened", "last"])


class NeedsMore:
    @event_handler(Happened)
    def fine(self, event: Happened) -> None: ...

    @event_handler(Happened)
    def needs(self, event: Happened, repository: dict[str, str]) -> None: ...


@pytest.mark.parametrize(
    ("handlers", "message"),
    [(Handlers, "is a class"), (object(), "no method"), (Slots(), "no method"), (NeedsMore(), "repository")],
)
def test_what_cannot_be_registered_is_refused_as_a_whole(handlers: Any, message: str) -> None:
    bus = EventBus()

    with pytest.raises(HandlerError, match=message):
        bus.register(handlers)

    assert bus._subscriptions.all == ()


def test_event_handler_refuses_what_is_no_method() -> None:
    with pytest.raises(HandlerError, match="takes no event"):
        event_handler(Happened)(lambda self: None)  # type: ignore[misc, arg-type]  # that is the mistake
    with pytest.raises(HandlerError, match="cannot carry a mark"):
        event_handler(Happened)(dict.get)  # type: ignore[arg-type]  # a builtin carries no attribute


def test_invoke_supplies_what_a_handler_takes_beyond_the_event() -> None:
    seen: list[Any] = []
    calls: list[Any] = []

    async def invoke(handler: Callable[..., Any], event: Event) -> None:
        calls.append(handler)
        result = handler(event, repository="db")
        if result is not None:
            await result

    bus = EventBus(invoke=invoke)

    @bus.subscribe(Happened)
    async def coroutine(event: Happened, repository: str) -> None:
        seen.append(("async", event.key, repository))

    @bus.subscribe(Happened)
    def plain(event: Happened, *, repository: str) -> None:
        seen.append(("sync", event.key, repository))

    published(bus)

    assert seen == [("async", "k", "db"), ("sync", "k", "db")]
    assert calls == [coroutine, plain]


def test_each_attempt_goes_through_invoke() -> None:
    attempts: list[int] = []

    async def invoke(handler: Callable[..., Any], event: Event) -> None:
        attempts.append(1)
        handler(event)

    def fails(event: Happened) -> None:
        raise ValueError

    bus = EventBus(invoke=invoke)
    bus.subscribe(Happened, fails, retry_on_error=True, max_retries=2, backoff=Backoff(base=0))
    with pytest.raises(EventHandlerErrors):
        published(bus)

    assert len(attempts) == 3


def test_a_handler_that_needs_more_may_be_marked_and_only_the_bus_without_invoke_complains() -> None:
    bus, seen = EventBus(), list[str]()
    bus.subscribe(Happened, lambda event: seen.append("ran"))
    with use_event_bus(bus):

        @subscribe(Happened)
        async def handler(event: Happened, repository: dict[str, str]) -> None: ...

    with pytest.raises(HandlerError, match="nothing supplies repository"):
        published(bus)
    assert seen == []


MODULE = """
from vega.events import Event, subscribe
class Ping(Event): ...
seen = []
@subscribe(Ping, priority=2)
@subscribe(Event)
async def on_ping(event):
    seen.append("ping")
for number in range(3):
    @subscribe(Ping)
    def looped(event, number=number):
        seen.append(number)
def helper(event): ...
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "marked_handlers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    with use_event_bus(EventBus()):
        yield importlib.import_module("marked_handlers")
    del sys.modules["marked_handlers"]


def test_include_replays_the_marks_of_modules_and_a_second_time_adds_nothing(module: Any) -> None:
    bus = EventBus()

    assert bus.include(["marked_handlers"]) == 5
    assert bus.include(["marked_handlers"]) == 0
    assert bus.include(["marked", "marked_handlers.sub", "vega.events"]) == 0
    published(bus, module.Ping())
    assert module.seen == ["ping", 0, 1, 2]


def test_include_on_the_bus_of_the_import_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "marked_once.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    bus = EventBus()
    with use_event_bus(bus):
        made = importlib.import_module("marked_once")

    assert bus.include(["marked_once"]) == 0
    published(bus, made.Ping())
    assert made.seen == ["ping", 0, 1, 2]


def test_a_reloaded_module_takes_the_place_of_the_old_one(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.reload(module)
    bus = EventBus()

    assert bus.include(["marked_handlers"]) == 5


def test_include_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "marked_needy.py").write_text(MODULE + "\n@subscribe(Ping)\ndef needy(event, repository): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    with use_event_bus(EventBus()):
        importlib.import_module("marked_needy")
    bus = EventBus()

    with pytest.raises(HandlerError, match="repository"):
        bus.include(["marked_needy"])

    assert bus._subscriptions.all == ()
    assert EventBus(invoke=lambda handler, event: asyncio.sleep(0)).include(["marked_needy"]) == 6


def test_marks_keep_no_function_alive() -> None:
    def make() -> weakref.ref[Any]:
        with use_event_bus(EventBus()):

            @subscribe(Happened)
            def local(event: Happened) -> None: ...

        return weakref.ref(local)

    import gc

    reference = make()
    gc.collect()
    assert reference() is None


def test_subscribe_leaves_the_function_as_it_is_and_takes_bound_methods() -> None:
    bus, slots = EventBus(), Slots()

    def handler(event: Happened) -> str:
        return event.key

    with use_event_bus(bus):
        assert subscribe(Happened)(handler) is handler
        subscribe(Happened)(slots.method)
    published(bus)

    assert handler(Happened("x")) == "x"
    assert slots.seen == ["k"]


def test_a_refused_subscribe_leaves_neither_mark_nor_subscription() -> None:
    bus = EventBus()
    with use_event_bus(bus), pytest.raises(HandlerError):
        subscribe(Happened)(lambda: None)  # type: ignore[misc, arg-type]  # that is the mistake

    assert bus._subscriptions.all == ()


def test_a_bus_does_not_keep_the_classes_of_its_events_alive() -> None:
    bus = EventBus()
    heard: list[str] = []
    bus.subscribe(Event, lambda event: heard.append(event.event_name))

    def publish_one_of_a_local_class() -> weakref.ref[type[Event]]:
        class Local(Event): ...

        bus.subscribe(Local, lambda event: heard.append("local"))
        published(bus, Local())
        published(bus, Local())
        return weakref.ref(Local)

    gone = [publish_one_of_a_local_class() for _ in range(20)]
    gc.collect()

    assert [reference() for reference in gone] == [None] * 20
    assert heard == ["Local", "local"] * 40
    published(bus)
    assert heard[-1] == "Happened"
    bus.subscribe(Other, lambda event: None)
    assert len(bus.handlers) == 2


def test_a_class_at_the_place_of_one_that_is_gone_has_handlers_of_its_own() -> None:
    bus, heard = EventBus(), list[str]()

    for number in range(200):  # the allocator gives the same address to many of them

        class Local(Event):
            mark = str(number)

        bus.subscribe(Local, lambda event: heard.append(event.mark))
        published(bus, Local())
        del Local
        gc.collect(0)

    assert heard == [str(number) for number in range(200)]


def test_threads_that_publish_events_of_dying_classes_reach_the_right_handlers() -> None:
    bus, wrong = EventBus(), list[str]()

    def work(name: str) -> None:
        for number in range(50):
            heard: list[str] = []
            mark = f"{name}{number}"

            class Local(Event):
                word = mark

            bus.subscribe(Local, lambda event, heard=heard: heard.append(event.word))
            published(bus, Local())
            wrong.extend([mark] if heard != [mark] else [])

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
