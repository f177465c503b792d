"""Behaviours: their order, their reach, and those that come with Vega."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from vega.patterns import (
    AuthoriseBehaviour,
    Interactor,
    InvalidBehaviourError,
    LogBehaviour,
    RetryBehaviour,
    ValidateBehaviour,
    get_behaviours,
    set_behaviours,
)
from vega.patterns._use_cases import behaviours as behaviours_module


async def run(use_case: Any) -> Any:
    return await use_case


def test_behaviours_for_the_process_hold_where_a_context_has_none_of_its_own() -> None:
    class Mine:
        async def __call__(self, use_case: Any, call_next: Any) -> Any:
            return await call_next()

    mine, own = Mine(), Mine()
    fresh = contextvars.Context()
    fresh.run(set_behaviours, [own])
    set_behaviours([mine], process=True)
    try:
        assert contextvars.Context().run(get_behaviours) == (mine,)
        assert fresh.run(get_behaviours) == (own,)
    finally:
        set_behaviours([], process=True)


class Unhashable:
    __hash__ = None  # type: ignore[assignment] # what is under test

    async def __call__(self, use_case: Any, call_next: Any) -> Any:
        return [await call_next()]


def test_a_behaviour_need_not_be_hashable() -> None:
    class Do(Interactor[Any]):
        behaviours: ClassVar[Any] = (Unhashable(),)

        async def call(self) -> int:
            return 1

    assert asyncio.run(run(Do())) == [1]


def test_the_number_of_chains_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviours_module, "_MOST_CHAINS", 2)
    monkeypatch.setattr(behaviours_module, "_chains", {})

    for number in range(5):

        class Do(Interactor[int]):
            behaviours: ClassVar[Any] = (LogBehaviour(),)
            answer = number

            async def call(self) -> int:
                return self.answer

        assert asyncio.run(run(Do())) == number

    assert len(behaviours_module._chains) <= 2


def test_a_behaviour_of_a_class_that_cannot_be_called_is_refused_at_the_run() -> None:
    class Do(Interactor[None]):
        behaviours: ClassVar[Any] = (LogBehaviour,)

        async def call(self) -> None: ...

    with pytest.raises(InvalidBehaviourError):
        asyncio.run(run(Do()))


def test_success_is_logged_at_info(caplog: pytest.LogCaptureFixture) -> None:
    class Do(Interactor[int]):
        behaviours: ClassVar[Any] = (LogBehaviour(),)

        async def call(self) -> int:
            return 5

    with caplog.at_level("INFO", "vega.patterns"):
        assert asyncio.run(run(Do())) == 5

    assert [(record.levelname, vars(record)["use_case"]) for record in caplog.records] == [("INFO", Do.__qualname__)]


def test_questions_of_behaviours_may_be_async() -> None:
    asked: list[str] = []

    async def allowed(use_case: Any) -> bool:
        asked.append("allowed")
        return True

    async def check(use_case: Any) -> None:
        asked.append("checked")

    class Do(Interactor[str]):
        behaviours: ClassVar[Any] = (ValidateBehaviour(check), AuthoriseBehaviour(allowed))

        async def call(self) -> str:
            return "done"

    assert asyncio.run(run(Do())) == "done"
    assert asked == ["allowed", "checked"]


@pytest.mark.parametrize("options", [{"retries": -1}, {"retries": 1, "base": -1}, {"retries": 1, "base": 2, "cap": 1}])
def test_retries_and_delays_out_of_range_are_refused(options: Any) -> None:
    with pytest.raises(InvalidBehaviourError, match="out of range"):
        RetryBehaviour(on=(OSError,), **options)


def test_retry_has_one_attempt_more_than_retries() -> None:
    attempts: list[int] = []

    class Down(Interactor[None]):
        behaviours: ClassVar[Any] = (RetryBehaviour(2, on=(ConnectionError,), base=0),)

        async def call(self) -> None:
            attempts.append(1)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(run(Down()))
    assert len(attempts) == 3


class Answer(Interactor[int]):
    async def call(self) -> int:
        return 42


async def plus_one(use_case: object, call_next: Callable[[], Any]) -> Any:
    return 1 + await call_next()


def test_a_subclass_has_behaviours_of_its_own_whatever_its_base_has_done() -> None:
    class More(Answer):
        behaviours: ClassVar[Any] = (plus_one,)

    class Most(More):
        behaviours: ClassVar[Any] = (plus_one,)

    assert [asyncio.run(run(kind())) for kind in (Answer, More, Most, More, Answer)] == [42, 43, 44, 43, 42]
