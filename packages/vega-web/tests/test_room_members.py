"""Members of rooms: joins that fail, subscriptions, and identities over processes."""

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from fastapi import FastAPI
from starlette.types import Message
from web_sockets import Client, serving

from vega.core import Application
from vega.web import BackplaneError, Principal, RedisBackplane, Rooms, WebError, WebSocketHandler, add_websocket
from vega.web._sockets import redis_backplane
from vega.web.websockets import MemoryBackplane, coalesce

pytestmark = pytest.mark.anyio
Shop = Callable[..., FastAPI]


class Inbox:
    """A member that keeps what it receives."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def push(self, message: Message) -> None:
        self.texts.append(message["text"])


class Slow:
    """A backplane on a network, each of whose commands takes some steps and may fail."""

    def __init__(self, steps: int = 3, *, fails: bool = False) -> None:
        self.steps, self.fails = steps, fails
        self.followed: set[str] = set()
        self.present: dict[str, str] = {}

    async def start(self, deliver: Any, missed: Any) -> None:
        self.deliver = deliver

    async def stop(self) -> None: ...

    async def _wait(self) -> None:
        for _ in range(self.steps):
            await asyncio.sleep(0)

    async def follow(self, room: str) -> None:
        await self._wait()
        self.followed.add(room)
        await self._wait()
        if self.fails:
            raise BackplaneError("away", "", "")

    async def leave(self, room: str) -> None:
        await self._wait()
        self.followed.discard(room)

    async def publish(self, room: str, text: str, exclude: str) -> None:
        if room in self.followed:
            self.deliver(room, text, exclude)

    async def enter(self, room: str, member: str, identity: str) -> None:
        await self._wait()
        self.present[member] = identity
        await self._wait()

    async def exit(self, room: str, member: str) -> None:
        await self._wait()
        self.present.pop(member, None)

    async def identities(self, room: str) -> list[str]:
        return sorted(self.present.values())


@pytest.mark.parametrize("step", range(25))
@pytest.mark.parametrize("scoped", [False, True])
async def test_a_join_that_is_cancelled_leaves_no_member_and_no_room(step: int, scoped: bool) -> None:
    plane = Slow()
    async with Rooms(plane) as rooms:
        stays = Inbox()
        scope = anyio.CancelScope()

        async def join() -> None:
            with scope:
                await rooms.join("a", "1", Inbox(), identity="ada")

        first = asyncio.ensure_future(join())
        second = asyncio.ensure_future(rooms.join("a", "2", stays, identity="eve"))
        for _ in range(step):
            await asyncio.sleep(0)
        has_joined = rooms.members("a") > 0 and first.done()
        if scoped:
            scope.cancel()
        else:
            first.cancel()
        await asyncio.wait([first, second])

        await rooms.broadcast("a", "hello")
        assert (rooms.members("a"), plane.present) == (
            (2, {"1": "ada", "2": "eve"}) if has_joined else (1, {"2": "eve"})
        )
        assert stays.texts == ["hello"]
        for member in ("1", "2"):
            await rooms.leave("a", member)
        assert (plane.followed, plane.present, rooms._rooms) == (set(), {}, {})


@pytest.mark.parametrize("step", range(10))
async def test_a_leave_that_is_cancelled_leaves_no_identity(step: int) -> None:
    plane = Slow()
    async with Rooms(plane) as rooms:
        await rooms.join("a", "1", Inbox(), identity="ada")
        await rooms.join("a", "2", Inbox(), identity="eve")
        leaving = asyncio.ensure_future(rooms.leave("a", "1"))
        for _ in range(step):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])

        expected = {"2": "eve"} if rooms.members("a") == 1 else {"1": "ada", "2": "eve"}
        assert plane.present == expected
        assert rooms.members("a") == len(expected)


@pytest.mark.parametrize("step", range(10))
async def test_a_last_leave_that_is_cancelled_leaves_no_room(step: int) -> None:
    plane = Slow()
    async with Rooms(plane) as rooms:
        await rooms.join("a", "1", Inbox(), identity="ada")
        leaving = asyncio.ensure_future(rooms.leave("a", "1"))
        for _ in range(step):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])

        if rooms.members("a"):  # it was cancelled before it began
            await rooms.leave("a", "1")
        assert (plane.followed, plane.present, rooms._rooms) == (set(), {}, {})


async def test_a_join_that_fails_leaves_no_member_and_no_room() -> None:
    plane = Slow(fails=True)
    async with Rooms(plane) as rooms:
        with pytest.raises(BackplaneError):
            await rooms.join("a", "1", Inbox())

        assert (rooms.members("a"), plane.followed, rooms._rooms) == (0, set(), {})


async def test_rooms_that_are_not_started_say_so() -> None:
    with pytest.raises(WebError, match="not started"):
        await Rooms().broadcast("a", "hello")


async def test_a_subscription_yields_what_is_said_and_leaves_with_its_end() -> None:
    async with Rooms() as rooms:
        heard = []
        speaking = asyncio.ensure_future(_speak(rooms, 3))
        async for text in rooms.subscribe("a"):
            heard.append(text)
            if len(heard) == 3:
                break
        await speaking
        await asyncio.sleep(0.01)  # the generator is closed by the event loop, as the loop above was left
        assert heard == ['{"n":0}', '{"n":1}', '{"n":2}']
        assert rooms.members("a") == 0


async def _speak(rooms: Rooms, count: int) -> None:
    await _until(lambda: rooms.members("a") == 1)
    for number in range(count):
        await rooms.broadcast("a", {"n": number})


@pytest.mark.parametrize(
    ("overflow", "expected"),
    [("drop_oldest", [0, 1, 2, 8, 9]), ("close", [0, 1]), (coalesce("k"), [0, 1, 2, 9])],
)
async def test_a_slow_reader_of_a_subscription_costs_its_queue(overflow: Any, expected: list[int]) -> None:
    async with Rooms() as rooms:
        source: Any = rooms.subscribe("a", queue=2, overflow=overflow)
        first = asyncio.ensure_future(anext(source))
        await _until(lambda: rooms.members("a") == 1)
        for number in range(10):
            await rooms.broadcast("a", {"k": 1, "n": number})
            if number < 1:
                await asyncio.sleep(0.01)
        heard = [json.loads(await first)["n"]]
        with suppress(TimeoutError, StopAsyncIteration):
            while True:
                async with asyncio.timeout(0.2):
                    heard.append(json.loads(await anext(source))["n"])
        await source.aclose()
        assert heard == expected
        assert rooms.members("a") == 0


@pytest.fixture(params=["memory", "redis"])
def backplane(request: pytest.FixtureRequest) -> Callable[..., Any]:
    if request.param == "memory":
        shared = MemoryBackplane()
        return lambda **_: shared
    url, prefix = request.getfixturevalue("redis_url"), f"{request.node.name}:"
    return lambda **options: RedisBackplane(url, prefix=prefix, longest_pause=0.2, **options)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - conditions of several kinds, some in another process
            await asyncio.sleep(0.01)


async def test_identities_join_and_leave_once(backplane: Callable[..., Any]) -> None:
    async with Rooms(backplane()) as rooms:
        inbox = Inbox()
        await rooms.join("a", "watcher", inbox)
        for member, identity in (("1", "ada"), ("2", "ada"), ("3", 'e"ve/Ü')):
            await rooms.join("a", member, Inbox(), identity=identity)
        assert await rooms.identities("a") == ["ada", 'e"ve/Ü']
        await rooms.leave("a", "1")
        assert await rooms.identities("a") == ["ada", 'e"ve/Ü']
        for member in ("2", "3", "3"):
            await rooms.leave("a", member)
        assert await rooms.identities("a") == []
        await _until(lambda: len(inbox.texts) == 4)

    told = [json.loads(text) for text in inbox.texts]
    assert [(each["type"], each["identity"]) for each in told] == [
        ("join", "ada"),
        ("join", 'e"ve/Ü'),
        ("leave", "ada"),
        ("leave", 'e"ve/Ü'),
    ]
    assert {each["room"] for each in told} == {"a"}


async def test_identities_span_processes_and_those_of_a_killed_one_end(redis_url: str) -> None:
    async with AsyncExitStack() as stack:
        plane = RedisBackplane(redis_url, prefix="killed:", lease=0.6)
        planes = (plane, *(RedisBackplane(redis_url, prefix="killed:", lease=0.6) for _ in range(2)))
        one, two, three = [await stack.enter_async_context(Rooms(each)) for each in planes]
        inbox = Inbox()
        await two.join("a", "2", inbox, identity="eve")
        await one.join("a", "1", Inbox(), identity="ada")
        assert await three.identities("a") == ["ada", "eve"]
        plane._renewal.cancel()  # type: ignore[union-attr]  # as if its process were killed
        plane._presence._members.clear()
        await _until(lambda: '"leave"' in "".join(inbox.texts))
        assert await three.identities("a") == ["eve"]
        assert json.loads(inbox.texts[-1]) == {"type": "leave", "room": "a", "identity": "ada"}


async def test_a_process_that_stops_takes_its_identities_along(redis_url: str) -> None:
    async with Rooms(RedisBackplane(redis_url, prefix="stops:")) as stays:
        async with Rooms(RedisBackplane(redis_url, prefix="stops:")) as stops:
            await stops.join("a", "1", Inbox(), identity="ada")
            assert await stays.identities("a") == ["ada"]
        assert await stays.identities("a") == []


async def test_a_quiet_room_stays_connected(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_backplane, "_SILENCE", 0.1)
    async with Rooms(RedisBackplane(redis_url, prefix="quiet:", timeout=0.3)) as rooms:
        inbox = Inbox()
        await rooms.join("a", "1", inbox)
        for number in range(4):
            await asyncio.sleep(0.45)
            await rooms.broadcast("a", str(number))
        await _until(lambda: len(inbox.texts) == 4)

    assert inbox.texts == list("0123")
    assert not caplog.records


async def test_a_server_that_does_not_answer_is_left(
    start_valkey: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_backplane, "_SILENCE", 0.1)
    with start_valkey() as (url, process):
        async with Rooms(RedisBackplane(url, prefix="mute:", timeout=0.2, longest_pause=0.2)) as rooms:
            inbox = Inbox()
            await rooms.join("a", "1", inbox)
            process.send_signal(signal.SIGSTOP)
            await _until(lambda: "disconnected" in caplog.text)
            process.send_signal(signal.SIGCONT)
            async with asyncio.timeout(10):
                while not any("back" in text for text in inbox.texts):
                    with suppress(BackplaneError):
                        await rooms.broadcast("a", "back")
                    await asyncio.sleep(0.05)


class Present(WebSocketHandler):
    path = "/present"
    presence = True

    async def on_connect(self) -> None:
        await self.accept()
        await self.join("a")


async def test_a_handler_joins_as_its_principal(shop: Shop) -> None:
    app = shop()
    add_websocket(app, Present)
    async with serving(app):
        rooms: Rooms = app.state.sockets.rooms
        known = Client(app, "/present", user=Principal(subject="ada"))
        await known.heard()
        assert json.loads(await known.heard()) == {"type": "join", "room": "a", "identity": "ada"}
        unknown = Client(app, "/present")
        await unknown.heard()
        await _until(lambda: rooms.members("a") == 2)
        identities = await rooms.identities("a")
        for client in (known, unknown):
            client.leave()
            await client.gone()
        assert len(identities) == 2
        assert "ada" in identities
        assert await rooms.identities("a") == []


class Late(WebSocketHandler):
    """Joins rooms in tasks of its own, and in its last call."""

    path = "/late"
    presence = True
    tasks: ClassVar[list[asyncio.Task[None]]] = []
    gate: ClassVar[asyncio.Event]

    async def on_connect(self) -> None:
        await self.accept()
        await self.join("first")
        self.tasks.append(asyncio.create_task(self._join_after(self.gate)))
        self.tasks.append(asyncio.create_task(self.join("held")))

    async def _join_after(self, gate: asyncio.Event) -> None:
        await gate.wait()
        await self.join("later")

    async def on_disconnect(self) -> None:
        await self.join("last")


class Held(Slow):
    """Has a join of one room wait until the connection has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def follow(self, room: str) -> None:
        if room == "held":
            await self.gate.wait()
        await super().follow(room)


async def test_a_connection_that_has_ended_joins_no_more(shop: Shop) -> None:
    backplane = Held()
    app = shop(rooms=Rooms(backplane))
    add_websocket(app, Late)
    Late.gate = backplane.gate
    async with serving(app):
        rooms: Rooms = app.state.sockets.rooms
        client = Client(app, "/late")
        await client.heard()
        await _until(lambda: rooms.members("first") == 1)
        await _until(lambda: len(Late.tasks) == 2)
        client.leave()
        await client.gone()
        backplane.gate.set()
        await asyncio.gather(*Late.tasks)
        for room in ("first", "later", "held", "last"):
            assert (rooms.members(room), await rooms.identities(room)) == (0, [])


async def test_rooms_are_provided_and_started_wherever_the_application_runs(project: Path) -> None:
    (project / "webshop" / "config.py").write_text(
        "from vega.web import Rooms\nclass Own(Rooms): ...\nrooms = Rooms()\n", encoding="utf-8"
    )
    application = Application.load(project / "webshop")
    async with application:
        rooms = application.container.resolve(Rooms)
        inbox = Inbox()
        await rooms.join("a", "1", inbox)
        await rooms.broadcast("a", "hello")

    assert inbox.texts == ["hello"]
