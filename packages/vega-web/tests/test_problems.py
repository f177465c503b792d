"""Errors of every kind, as the problem documents that clients read."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from vega.di import ConstructionError, Container
from vega.errors import ErrorKind
from vega.testing import client_for
from vega.web import ErrorMap
from vega.web._problems.error_map import Mapped
from vega.web._problems.problems import STATUS, install_problems


def app_that_raises(error: Exception, errors: ErrorMap | None = None) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def fail() -> None:
        raise error

    install_problems(app, errors)
    return app


def ask(app: FastAPI) -> httpx.Response:
    async def main() -> httpx.Response:
        async with client_for(app) as client:
            return await client.get("/")

    return asyncio.run(main())


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_of_error_has_its_status(kind: ErrorKind) -> None:
    error = type("SomeError", (Exception,), {"kind": kind})("what happened")

    answer = ask(app_that_raises(error))

    assert answer.status_code == answer.json()["status"] == STATUS[kind]
    assert ("what happened" in answer.text) is (kind is not ErrorKind.INTERNAL)


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_kind_written_as_text_and_in_a_group_has_its_status(kind: ErrorKind) -> None:
    error = type("SomeError", (Exception,), {"kind": kind.value})("what happened")
    group = ExceptionGroup("a handler of Placed failed: secret", [ExceptionGroup("inner", [error])])

    for raised in (error, group):
        answer = ask(app_that_raises(raised))
        assert answer.status_code == STATUS[kind]
        assert ("what happened" in answer.text) is (kind is not ErrorKind.INTERNAL)
        assert "secret" not in answer.text


class ManyErrors(ExceptionGroup[Exception]):
    """A group with a class of its own."""


def test_the_map_is_asked_about_the_error_that_counts_then_about_its_group() -> None:
    sold_out = type("SoldOutError", (Exception,), {"kind": "conflict"})
    group, alone = ManyErrors("failed", [sold_out("no tea")]), sold_out("no tea")
    by_both = ErrorMap().map(ManyErrors, status=418).map(sold_out, status=410)

    assert by_both.find(group) == by_both.find(alone) == Mapped(status=410)
    assert ask(app_that_raises(group, by_both)).status_code == 410
    assert ask(app_that_raises(group, ErrorMap().map(ManyErrors, status=418))).status_code == 418


class EmptyShelfError(Exception):
    """An error of a domain that states no kind; a map does."""


@pytest.mark.parametrize("status", [409, 418, 503, 504])
@pytest.mark.parametrize("depth", [1, 2])
def test_an_error_that_only_a_map_knows_is_found_in_a_group(status: int, depth: int) -> None:
    errors = ErrorMap().map(EmptyShelfError, status=status, title="Nothing left")
    group: Exception = EmptyShelfError("no tea is left")
    for _ in range(depth):
        group = ExceptionGroup("a handler of Placed failed: secret", [group])

    answer = ask(app_that_raises(group, errors))

    assert (answer.status_code, answer.json()["title"]) == (status, "Nothing left")
    assert ("no tea is left" in answer.text) is (status < 500)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ([], 409),
        ([TimeoutError()], 504),
        ([KeyError("secret")], 500),
        ([type("DownError", (Exception,), {"kind": "unavailable"})()], 503),
        ([type("TakenError", (Exception,), {"kind": "missing"})()], 409),
    ],
)
def test_the_most_serious_error_of_a_group_counts_whoever_declares_it(others: list[Exception], status: int) -> None:
    errors = ErrorMap().map(EmptyShelfError, status=409)
    group = ExceptionGroup("failed", [EmptyShelfError("no tea is left"), *others])

    assert ask(app_that_raises(group, errors)).status_code == status


@pytest.mark.parametrize("status", [500, 501])
def test_a_map_that_calls_an_error_internal_is_believed_in_a_group(status: int) -> None:
    taken = type("TakenError", (Exception,), {"kind": "conflict"})
    group = ExceptionGroup("failed", [taken("no tea is left")])

    assert ask(app_that_raises(group, ErrorMap().map(taken, status=status))).status_code == status


def test_a_group_with_an_internal_error_is_logged_whole_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    error = type("SomeError", (Exception,), {"kind": "conflict"})("what happened")

    answer = ask(app_that_raises(ExceptionGroup("2 handlers failed", [error, KeyError("secret")])))

    assert answer.status_code == 500
    assert "what happened" not in answer.text
    assert "what happened" in caplog.text
    assert "secret" in caplog.text


@pytest.mark.parametrize("kind", ErrorKind)
def test_only_what_is_unavailable_says_when_to_come_again(kind: ErrorKind) -> None:
    error = type("SomeError", (Exception,), {"kind": kind})("what happened")

    answer = ask(app_that_raises(error))

    assert answer.headers.get("retry-after") == ("1" if kind is ErrorKind.UNAVAILABLE else None)


def test_the_first_part_of_a_vega_error_is_told_and_no_other() -> None:
    error = type("SomeError", (Exception,), {"kind": ErrorKind.CONFLICT, "what": "it is taken"})("secret")

    answer = ask(app_that_raises(error))

    assert answer.json()["detail"] == "it is taken"
    assert "secret" not in answer.text


def test_an_internal_error_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="vega.web"):
        ask(app_that_raises(RuntimeError("secret")))

    (record,) = [record for record in caplog.records if record.name == "vega.web"]
    assert record.getMessage() == "GET / failed"
    assert record.exc_info is not None


@pytest.mark.parametrize(
    ("status", "title"), [(404, "Not Found"), (418, "I'm a Teapot"), (499, "Bad Request"), (799, "Error")]
)
def test_an_http_exception_keeps_its_status_headers_and_detail(status: int, title: str) -> None:
    answer = ask(app_that_raises(HTTPException(status, "why", {"x-why": "so"})))

    assert (answer.status_code, answer.headers["x-why"]) == (status, "so")
    assert answer.json() == {"title": title, "status": status, "detail": "why"}


def test_an_http_exception_without_a_body_has_none() -> None:
    answer = ask(app_that_raises(HTTPException(304, headers={"etag": "1"})))

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", "1")


def test_an_error_after_the_response_began_breaks_it() -> None:
    app = FastAPI()

    @app.get("/")
    async def breaking() -> StreamingResponse:
        async def chunks():  # type: ignore[no-untyped-def]  # FastAPI reads no type here
            yield "half"
            raise ValueError("broken")

        return StreamingResponse(chunks())

    install_problems(app)

    with pytest.raises(ValueError, match="broken"):
        ask(app)


class RefusedError(Exception):
    kind = ErrorKind.FORBIDDEN
    what = "this user may not"


@pytest.mark.parametrize(
    ("raised", "status", "detail"),
    [(RefusedError(), 403, "this user may not"), (HTTPException(418, "short and stout"), 418, "short and stout")],
)
def test_what_a_factory_raises_is_answered_as_if_the_route_had_raised_it(
    raised: Exception, status: int, detail: str
) -> None:
    class User: ...

    def user() -> User:
        raise raised

    container = Container()
    container.register_factory(User, user)
    app = FastAPI()
    install_problems(app)

    @app.get("/")
    async def read() -> None:
        container.resolve(User)

    answer = ask(app)

    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


def test_an_error_inside_two_constructions_gives_both_the_status_and_the_detail() -> None:
    outer, inner = ConstructionError("no Account", "", ""), ConstructionError("no User", "", "")
    outer.__cause__, inner.__cause__ = inner, RefusedError()

    answer = ask(app_that_raises(outer))

    assert (answer.status_code, answer.json()["detail"]) == (403, "this user may not")
    assert inner.__cause__.__notes__ == [str(outer)]  # for the log


SAID = {
    "type": "https://shop.example/credit",
    "title": "Out of credit",
    "detail": "the balance is 30",
    "instance": "/accounts/1",
    "balance": 30,
    "errors": [{"loc": ["body"], "msg": "too much", "type": "credit"}],
}


class Amount(BaseModel):
    value: Decimal


@dataclass
class Place:
    street: str


@pytest.mark.parametrize(
    ("detail", "members"),
    [
        (SAID, SAID),
        (MappingProxyType(SAID), SAID),
        ({"status": 200, "title": ""}, {"title": "Conflict"}),
        ({"amount": Decimal("1.50")}, {"amount": "1.50"}),
        ({"at": datetime(2024, 1, 1, tzinfo=UTC), "day": date(2024, 1, 1)}, {"at": "2024-01-01T00:00:00Z"}),
        ({"id": UUID(int=1), "kind": ErrorKind.CONFLICT}, {"id": str(UUID(int=1)), "kind": ErrorKind.CONFLICT.value}),
        ({"of": {"amounts": [Amount(value=Decimal(2))]}}, {"of": {"amounts": [{"value": "2"}]}}),
        ({"place": Place("High Street"), "tags": {"a"}}, {"place": {"street": "High Street"}, "tags": ["a"]}),
        ([Decimal("1.5"), UUID(int=1)], {"details": ["1.5", str(UUID(int=1))]}),
        ({"detail": {"balance": Decimal(3)}}, {"details": {"detail": {"balance": "3"}}}),
        ({"errors": ["too much"], "a": 1}, {"details": {"errors": ["too much"]}, "a": 1}),
        ({1: "one"}, {"1": "one"}),
        (Decimal("1.5"), {"detail": "1.5"}),
    ],
)
def test_the_detail_of_an_http_exception_arrives(detail: Any, members: dict[str, Any]) -> None:
    answer = ask(app_that_raises(HTTPException(409, detail=detail)))

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert {name: answer.json().get(name) for name in members} == members
    assert answer.json()["status"] == 409


@pytest.mark.parametrize("detail", [{"a": object()}, {"a": float("nan")}, [float("inf")]])
def test_a_detail_that_has_no_form_in_json_is_logged_and_not_sent(
    detail: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(app_that_raises(HTTPException(409, detail=detail)))

    assert (answer.status_code, answer.json()) == (500, {"title": "Internal Server Error", "status": 500})
    assert "GET / failed" in caplog.text
