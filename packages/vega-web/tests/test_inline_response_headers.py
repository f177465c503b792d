"""Headers of a response that functions change one after the other: each name stands once, however it was set."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from web_inline import app_of, hello, serve


def change(what: Callable[[Any], None]) -> Any:
    async def function(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        what(response)
        return response

    return function


def set_twice(response: Any) -> None:
    response.headers["x-a"] = "0"
    response.headers["X-A"] = "1"


def set_after_the_raw_list(response: Any) -> None:
    response.headers["x-b"] = "0"
    response.raw_headers.append((b"x-a", b"0"))
    response.headers["x-a"] = "1"


def set_after_one_was_removed_and_one_added(response: Any) -> None:
    response.headers["x-b"] = "0"
    del response.headers["x-b"]
    response.headers.append("x-a", "0")
    response.headers["x-a"] = "1"


def set_after_the_last_was_replaced(response: Any) -> None:
    response.headers["x-b"] = "0"
    response.raw_headers[-1] = (b"x-a", b"0")
    response.headers["x-a"] = "1"


def set_what_the_application_set(response: Any) -> None:
    response.headers["x-a"] = "0"
    response.headers["content-type"] = "text/x"
    response.headers["x-a"] = "1"


@pytest.mark.parametrize(
    "what",
    [
        set_twice,
        set_after_the_raw_list,
        set_after_one_was_removed_and_one_added,
        set_after_the_last_was_replaced,
        set_what_the_application_set,
    ],
)
def test_a_name_stands_once_and_with_its_last_value(spec: str, what: Callable[[Any], None]) -> None:
    answer = serve(app_of(hello, change(set_twice), change(what)), spec)

    names = [name for name, _ in answer.messages[0]["headers"]]
    assert len(names) == len(set(names))
    assert answer.headers["x-a"] == "1"


def test_headers_are_changed_and_not_replaced(spec: str) -> None:
    refused: list[type[Exception]] = []

    def replace(response: Any) -> None:
        for change in (
            lambda: setattr(response, "headers", {"x-a": "1"}),
            lambda: response.headers.update({"x-b": "1", "x-c": "\u20ac"}),
        ):
            try:
                change()
            except (AttributeError, UnicodeEncodeError) as error:
                refused.append(type(error))

    answer = serve(app_of(hello, change(replace)), spec)

    assert refused == [AttributeError, UnicodeEncodeError]
    assert (answer.headers.get("x-a"), answer.headers["x-b"]) == (None, "1")


def test_a_list_that_is_set_takes_the_place_of_the_headers(spec: str) -> None:
    def replace(response: Any) -> None:
        response.headers["x-a"] = "0"
        response.raw_headers = [(b"x-b", b"1")]
        response.headers["x-c"] = "2"
        response.raw_headers = [*response.raw_headers, (b"x-d", b"3")]

    answer = serve(app_of(hello, change(replace)), spec)

    assert answer.messages[0]["headers"] == [(b"x-b", b"1"), (b"x-c", b"2"), (b"x-d", b"3")]


def test_cookies_are_added_to_what_was_set_before(spec: str) -> None:
    def both(response: Any) -> None:
        response.headers["set-cookie"] = "a=1"
        response.set_cookie("b", "2")

    answer = serve(app_of(hello, change(both)), spec)

    cookies = [value for name, value in answer.messages[0]["headers"] if name == b"set-cookie"]
    assert [cookie.partition(b";")[0] for cookie in cookies] == [b"a=1", b"b=2"]
