"""WebSocket handlers of a project, in process."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from vega.core import Application, ConfigurationErrors
from vega.di import ScopeClosedError
from vega.web import WebSocketHandler, create_app

HANDLERS = """
from vega.web import WebSocketHandler
log = []
class ClosedHandler(WebSocketHandler):
    path = "/ws/closed"
    async def on_connect(self) -> None:
        await self.socket.close(1008)
class FailingHandler(WebSocketHandler):
    path = "/ws/failing"
    async def on_message(self, message: str) -> None:
        raise RuntimeError(message)
    async def on_disconnect(self) -> None:
        log.append("gone")
class QuietHandler(WebSocketHandler):
    path = "/ws/quiet"
"""


def talk(project: Path, path: str, *messages: str) -> tuple[list[dict[str, Any]], BaseException | None]:
    """Connect, send messages, leave; return what was sent to the client and what the application raised."""
    (project / "webshop/presentation/websocket/more.py").write_text(HANDLERS)
    app = create_app(Application.load(project))

    async def main() -> tuple[list[dict[str, Any]], BaseException | None]:
        sent: list[dict[str, Any]] = []
        coming: list[dict[str, Any]] = [{"type": "websocket.connect"}]
        coming += [{"type": "websocket.receive", "text": message} for message in messages]
        coming += [{"type": "websocket.disconnect", "code": 1000}]

        async def receive() -> dict[str, Any]:
            return coming.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": path, "raw_path": b"", "query_string": b"", "headers": []}
        scope |= {"root_path": "", "scheme": "ws", "subprotocols": [], "server": ("x", 80), "client": ("y", 1)}
        try:
            await app(scope, receive, send)
        except RuntimeError as error:
            return sent, error
        return sent, None

    return asyncio.run(main())


def test_each_message_has_one_scope(project: Path) -> None:
    sent, error = talk(project, "/ws/echo", "hello", "scopes")

    assert error is None
    assert [message.get("text") for message in sent] == [None, "hello", "True"]
    assert sys.modules["webshop.presentation.websocket.echo"].log == ["gone"]


def test_a_handler_that_overrides_nothing_takes_every_message(project: Path) -> None:
    sent, error = talk(project, "/ws/quiet", "a", "b")

    assert (error, [message["type"] for message in sent]) == (None, ["websocket.accept"])


def test_an_error_of_a_message_ends_the_connection_and_tells_the_handler(project: Path) -> None:
    sent, error = talk(project, "/ws/failing", "broken")

    assert error is None
    assert sent[-1] == {"type": "websocket.close", "code": 1011}
    assert sys.modules["webshop.presentation.websocket.more"].log == ["gone"]


def test_a_refused_connection_gets_its_code(project: Path) -> None:
    sent, _ = talk(project, "/ws/closed")

    assert (sent[0]["type"], sent[0]["code"]) == ("websocket.close", 1008)


@pytest.mark.parametrize("path", ["", "ws/relative"])
def test_a_handler_without_a_path_is_a_mistake_at_the_start(project: Path, path: str) -> None:
    text = f"from vega.web import WebSocketHandler\nclass LostHandler(WebSocketHandler):\n    path = {path!r}\n"
    (project / "webshop/presentation/websocket/lost.py").write_text(text)

    with pytest.raises(ConfigurationErrors) as caught:
        create_app(Application.load(project))

    assert "LostHandler has no path" in str(caught.value)


def test_a_handler_says_where_it_is_mounted() -> None:
    assert WebSocketHandler.path == ""


KEEPS = """
from vega.di import Inject, Scope, current_scope, injectable
from vega.web import WebSocketHandler
@injectable(scope=Scope.SCOPED)
class Basket:
    def __init__(self) -> None:
        self.items = []
kept = []
class KeepingHandler(WebSocketHandler):
    path = "/ws/keeping"
    async def on_message(self, message: str, basket: Inject[Basket]) -> None:
        basket.items.append(message)
        kept.append((current_scope(), Basket, basket))
"""


def test_the_closed_scope_of_a_message_names_the_connection(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "HANDLERS", KEEPS)

    _, error = talk(project, "/ws/keeping", "tea", "milk")

    kept = sys.modules["webshop.presentation.websocket.more"].kept
    assert error is None
    scope, key, _ = kept[0]
    assert len({id(basket) for *_, basket in kept}) == 2
    with pytest.raises(ScopeClosedError, match="the scope is closed") as caught:
        scope.resolve(key)
    assert caught.value.where.startswith("the scope of WebSocket /ws/keeping")
