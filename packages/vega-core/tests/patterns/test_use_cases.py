"""Interactors and mediators: made like any object, run by being awaited."""

from __future__ import annotations

import asyncio
import gc
import pickle
import warnings
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, Field, ValidationError

from vega.di import Container, bind, get_container, set_container
from vega.patterns import (
    AuthoriseBehaviour,
    Interactor,
    InvalidBehaviourError,
    InvalidUseCaseError,
    LogBehaviour,
    NeverAwaitedWarning,
    NotAuthorisedError,
    RetryBehaviour,
    TimeBehaviour,
    ValidateBehaviour,
    get_behaviours,
    set_behaviours,
)


class Clock:
    def hour(self) -> int:
        return 12


@dataclass(frozen=True)
class Greet(Interactor[str]):
    name: str

    async def call(self) -> str:
        return f"Hello, {self.name}"


@dataclass(frozen=True, slots=True)
class Slotted(Interactor[int]):
    number: int

    async def call(self) -> int:
        return self.number


async def run(use_case: Interactor[Any]) -> Any:
    return await use_case


@pytest.fixture
def container() -> Iterator[Container]:
    before = get_container()
    fresh = Container()
    set_container(fresh)
    yield fresh
    set_container(before)


def test_a_frozen_dataclass_is_a_use_case() -> None:
    assert asyncio.run(run(Greet("Ada"))) == "Hello, Ada"


def test_a_slotted_dataclass_is_a_use_case() -> None:
    assert asyncio.run(run(Slotted(3))) == 3


def test_making_one_runs_nothing_and_gives_an_instance() -> None:
    made = Greet("Ada")

    assert isinstance(made, Greet)
    assert asyncio.run(run(made)) == "Hello, Ada"


def test_a_second_await_runs_it_again() -> None:
    runs: list[int] = []

    class Count(Interactor[int]):
        async def call(self) -> int:
            runs.append(1)
            return len(runs)

    async def main() -> tuple[int, int]:
        count = Count()
        return await count, await count

    assert asyncio.run(main()) == (1, 2)


def test_gather_takes_use_cases() -> None:
    async def main() -> list[str]:
        return await asyncio.gather(Greet("Ada"), Greet("Bob"))

    assert asyncio.run(main()) == ["Hello, Ada", "Hello, Bob"]


def test_one_that_is_never_awaited_warns() -> None:
    with pytest.warns(NeverAwaitedWarning, match="Greet was constructed but never awaited"):  # noqa: PT031 - and collected
        Greet("Ada")
        gc.collect()


def test_one_whose_input_is_refused_does_not_warn() -> None:
    class Strict(Interactor[None]):
        class Input(BaseModel):
            age: int = Field(ge=18)

        async def call(self) -> None: ...

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValidationError):
            Strict(age=3)
        gc.collect()


def test_input_is_the_checked_model() -> None:
    class Double(Interactor[int]):
        class Input(BaseModel):
            number: int

        async def call(self) -> int:
            return 2 * int(self.input.number)

    assert asyncio.run(run(Double(number="21"))) == 42


def test_arguments_without_input_and_init_are_refused() -> None:
    class Plain(Interactor[None]):
        async def call(self) -> None: ...

    with pytest.raises(TypeError, match="takes no arguments"):
        Plain(name="x")


def test_call_must_be_async() -> None:
    with pytest.raises(InvalidUseCaseError, match="call is not async"):

        class Wrong(Interactor[int]):
            def call(self) -> int:  # type: ignore[override] # the mistake under test
                return 1


def test_a_class_without_call_is_refused_when_it_is_made() -> None:
    class Empty(Interactor[None]): ...

    with pytest.raises(InvalidUseCaseError, match="has no call"):
        Empty()


def test_a_generic_base_without_call_may_be_subclassed() -> None:
    class Base(Interactor[str]): ...

    class Concrete(Base):
        async def call(self) -> str:
            return "done"

    assert asyncio.run(run(Concrete())) == "done"


def test_parameters_that_nothing_binds_are_named() -> None:
    class Unbound(Interactor[None]):
        async def call(self, clock: Clock) -> None: ...

    with pytest.raises(InvalidUseCaseError, match="nothing provides clock"):
        asyncio.run(run(Unbound()))


def test_call_by_hand_needs_no_container() -> None:
    class Tell(Interactor[int]):
        @bind
        async def call(self, clock: Clock) -> int:
            return clock.hour()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeverAwaitedWarning)
        assert asyncio.run(Tell().call(Clock())) == 12
        gc.collect()


def test_bound_parameters_come_from_the_container(container: Container) -> None:
    class Tell(Interactor[int]):
        @bind
        async def call(self, clock: Clock) -> int:
            return clock.hour()

    container.register(Clock, Clock)

    assert asyncio.run(run(Tell())) == 12


class Trail:
    def __init__(self, name: str, order: int = 0) -> None:
        self.name, self.order = name, order

    async def __call__(self, use_case: Interactor[Any], call_next: Any) -> Any:
        log.append(f"{self.name} in")
        result = await call_next()
        log.append(f"{self.name} out")
        return result


log: list[str] = []


def test_behaviours_run_around_in_order_global_ones_outermost() -> None:
    class Base(Interactor[None]):
        behaviours: ClassVar[Any] = (Trail("base"),)

    class Do(Base):
        behaviours: ClassVar[Any] = (Trail("own"), Trail("first", order=-1))

        async def call(self) -> None:
            log.append("call")

    async def main() -> None:
        set_behaviours([Trail("global")])
        await Do()

    log.clear()
    asyncio.run(main())

    entered = ["first in", "global in", "base in", "own in"]
    assert log == [*entered, "call", "own out", "base out", "global out", "first out"]
    assert get_behaviours() == ()


def test_a_behaviour_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(InvalidBehaviourError):
        set_behaviours([LogBehaviour])  # type: ignore[list-item] # the mistake under test


def test_retry_runs_again_until_it_succeeds() -> None:
    attempts: list[int] = []

    class Flaky(Interactor[int]):
        behaviours: ClassVar[Any] = (RetryBehaviour(3, on=(ConnectionError,), base=0),)

        async def call(self) -> int:
            attempts.append(1)
            if len(attempts) < 3:
                raise ConnectionError
            return len(attempts)

    assert asyncio.run(run(Flaky())) == 3


def test_retry_gives_up_and_leaves_other_errors_alone() -> None:
    class Broken(Interactor[int]):
        behaviours: ClassVar[Any] = (RetryBehaviour(2, on=(ConnectionError,), base=0),)

        async def call(self) -> int:
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(run(Broken()))


@pytest.mark.parametrize("answer", [False, None, 1])
def test_only_a_plain_true_authorises(answer: Any) -> None:
    class Secret(Interactor[str]):
        behaviours: ClassVar[Any] = (AuthoriseBehaviour(lambda use_case: answer),)

        async def call(self) -> str:
            return "told"

    with pytest.raises(NotAuthorisedError):
        asyncio.run(run(Secret()))


def test_time_is_reported_also_after_a_failure() -> None:
    seen: list[tuple[type, float]] = []

    class Fails(Interactor[None]):
        behaviours: ClassVar[Any] = (TimeBehaviour(lambda kind, seconds: seen.append((kind, seconds))),)

        async def call(self) -> None:
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(run(Fails()))

    assert seen[0][0] is Fails
    assert seen[0][1] >= 0


def test_validate_sees_the_use_case_before_it_runs() -> None:
    def check(use_case: Any) -> None:
        if use_case.name == "":
            raise ValueError("a name is needed")

    @dataclass(frozen=True)
    class Checked(Interactor[str]):
        name: str
        behaviours: ClassVar[Any] = (ValidateBehaviour(check),)

        async def call(self) -> str:
            return self.name

    assert asyncio.run(run(Checked("Ada"))) == "Ada"
    with pytest.raises(ValueError, match="a name is needed"):
        asyncio.run(run(Checked("")))


def test_log_names_the_use_case_and_never_its_input(caplog: pytest.LogCaptureFixture) -> None:
    @dataclass(frozen=True)
    class Login(Interactor[None]):
        password: str
        behaviours: ClassVar[Any] = (LogBehaviour(),)

        async def call(self) -> None:
            raise PermissionError(self.password)

    with caplog.at_level("DEBUG", "vega.patterns"), pytest.raises(PermissionError):
        asyncio.run(run(Login("hunter2")))

    assert "Login failed: PermissionError" in caplog.text
    assert "hunter2" not in "".join(record.getMessage() for record in caplog.records)


def test_errors_survive_pickling() -> None:
    error = InvalidUseCaseError("what", "where", "fix")

    copy = pickle.loads(pickle.dumps(error))

    assert (copy.what, copy.where, copy.fix, copy.code) == ("what", "where", "fix", "VG141")


def test_a_dataclass_use_case_without_call_is_refused_when_it_is_awaited() -> None:
    @dataclass(frozen=True)
    class Empty(Interactor[int]):
        number: int

    async def run(use_case: Any) -> None:
        await use_case

    with pytest.raises(InvalidUseCaseError, match="has no call"):
        asyncio.run(run(Empty(1)))


def test_a_call_that_promises_an_awaitable_and_gives_none_is_refused() -> None:
    class Do(Interactor[int]):
        def call(self) -> Awaitable[int]:
            return 5  # type: ignore[return-value] # the mistake under test

    with pytest.raises(InvalidUseCaseError, match="cannot be awaited"):
        asyncio.run(run(Do()))


def test_a_call_may_hand_on_an_awaitable() -> None:
    class Do(Interactor[int]):
        def call(self) -> Awaitable[int]:
            return self.work()

        async def work(self) -> int:
            return 5

    assert asyncio.run(run(Do())) == 5


@pytest.mark.parametrize("call", [staticmethod(run), classmethod(run), property(run), 5])
def test_call_is_a_method_and_nothing_else(call: Any) -> None:
    with pytest.raises(InvalidUseCaseError, match="not a method"):
        type("Odd", (Interactor,), {"call": call})
