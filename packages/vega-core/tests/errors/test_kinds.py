"""The kind of an error: what its class says, what is known of others, and what a transparent one passes on."""

import asyncio
from typing import ClassVar

import pytest

import vega.patterns
from vega.core import ProjectError
from vega.di import ConstructionError, Container
from vega.errors import ErrorKind, cause_of
from vega.events import Event, EventBus, EventHandlerErrors
from vega.patterns import AfterCommitErrors


class OutOfStockError(Exception):
    kind = ErrorKind.CONFLICT


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OutOfStockError(), ErrorKind.CONFLICT),
        (TimeoutError(), ErrorKind.TIMEOUT),
        (ValueError(), ErrorKind.INTERNAL),
        (ProjectError("x"), ErrorKind.INVALID),
    ],
)
def test_each_error_has_one_kind(error: Exception, kind: ErrorKind) -> None:
    assert ErrorKind.of(error) is kind


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_kind_may_be_written_as_text(kind: ErrorKind) -> None:
    error = type("SomeError", (Exception,), {"kind": kind.value})()

    assert ErrorKind.of(error) is kind


@pytest.mark.parametrize("kind", ["conflicts", "", 7, None, ["conflict"], object()])
def test_any_other_kind_counts_as_none(kind: object) -> None:
    assert ErrorKind.of(type("SomeError", (Exception,), {"kind": kind})()) is ErrorKind.INTERNAL
    assert ErrorKind.of(type("SomeError", (TimeoutError,), {"kind": kind})()) is ErrorKind.TIMEOUT


def test_invalid_input_is_of_the_kind_invalid() -> None:
    from pydantic import BaseModel, ValidationError

    class Model(BaseModel):
        age: int

    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"age": "x"})

    assert ErrorKind.of(caught.value) is ErrorKind.INVALID


def test_an_error_of_a_factory_has_the_kind_that_it_says() -> None:
    def stock() -> OutOfStockError:
        raise OutOfStockError

    container = Container()
    container.register_factory(OutOfStockError, stock)
    with pytest.raises(ConstructionError) as caught:
        container.resolve(OutOfStockError)

    assert ErrorKind.of(caught.value) is ErrorKind.CONFLICT


class WrapperError(Exception):
    transparent: ClassVar[bool] = True
    kind = ErrorKind.UNAVAILABLE


def test_a_transparent_error_has_the_kind_of_its_cause() -> None:
    outer, inner = WrapperError(), WrapperError()
    outer.__cause__, inner.__cause__ = inner, OutOfStockError()

    assert ErrorKind.of(outer) is ErrorKind.CONFLICT


def test_a_transparent_error_without_a_cause_has_its_own_kind() -> None:
    assert ErrorKind.of(WrapperError()) is ErrorKind.UNAVAILABLE


def test_the_cause_of_any_other_error_is_not_looked_at() -> None:
    error = ValueError()
    error.__cause__ = OutOfStockError()

    assert ErrorKind.of(error) is ErrorKind.INTERNAL


def test_a_cycle_of_causes_ends() -> None:
    outer, inner = WrapperError(), WrapperError()
    outer.__cause__, inner.__cause__ = inner, outer

    assert ErrorKind.of(outer) is ErrorKind.UNAVAILABLE


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = WrapperError()
    error.__cause__ = error

    assert ErrorKind.of(error) is ErrorKind.UNAVAILABLE


def test_the_error_that_counts_is_the_first_one_that_is_not_transparent() -> None:
    outer, inner, cause = WrapperError(), WrapperError(), OutOfStockError()
    outer.__cause__, inner.__cause__, cause.__cause__ = inner, cause, ValueError()

    assert cause_of(outer) is cause
    assert cause_of(cause) is cause


class GoneError(Exception):
    kind = "missing"


class AwayError(Exception):
    kind = "unavailable"


def group(*errors: Exception) -> ExceptionGroup[Exception]:
    return ExceptionGroup("some", list(errors))


STOCK, GONE, AWAY, BUG, SLOW = OutOfStockError("tea"), GoneError(), AwayError(), KeyError("x"), TimeoutError()


@pytest.mark.parametrize(
    ("errors", "kind", "counts"),
    [
        ([STOCK], ErrorKind.CONFLICT, STOCK),
        ([STOCK, GONE], ErrorKind.CONFLICT, STOCK),
        ([GONE, STOCK], ErrorKind.MISSING, GONE),
        ([STOCK, AWAY], ErrorKind.UNAVAILABLE, AWAY),
        ([AWAY, SLOW, STOCK], ErrorKind.TIMEOUT, SLOW),
        ([group(group(STOCK)), GONE], ErrorKind.CONFLICT, STOCK),
        ([STOCK, BUG], ErrorKind.INTERNAL, None),
        ([STOCK, group(BUG)], ErrorKind.INTERNAL, None),
    ],
)
def test_a_group_has_the_most_serious_kind_of_its_errors(
    errors: list[Exception], kind: ErrorKind, counts: Exception | None
) -> None:
    error = group(*errors)

    assert ErrorKind.of(error) is kind
    assert cause_of(error) is (counts if counts is not None else error)


def test_a_group_that_states_a_kind_has_it() -> None:
    class RefusedErrors(ExceptionGroup[Exception]):
        kind = "forbidden"

    error = RefusedErrors("some", [STOCK])

    assert ErrorKind.of(error) is ErrorKind.FORBIDDEN
    assert cause_of(error) is error


def test_errors_after_a_commit_are_internal_whatever_they_state() -> None:
    assert ErrorKind.of(AfterCommitErrors("some", [STOCK])) is ErrorKind.INTERNAL


def test_a_group_that_ends_the_program_is_internal() -> None:
    assert ErrorKind.of(BaseExceptionGroup("some", [STOCK, KeyboardInterrupt()])) is ErrorKind.INTERNAL


def test_a_group_of_transparent_errors_has_the_kind_of_their_causes() -> None:
    wrapper = WrapperError()
    wrapper.__cause__ = group(STOCK)

    assert ErrorKind.of(group(wrapper)) is ErrorKind.CONFLICT
    assert cause_of(group(wrapper)) is STOCK


def test_a_group_within_the_cause_of_its_own_error_ends() -> None:
    wrapper = WrapperError()
    wrapper.__cause__ = group(wrapper)

    assert ErrorKind.of(wrapper) is ErrorKind.INTERNAL


def test_an_error_of_the_business_in_an_event_handler_has_its_kind() -> None:
    bus = EventBus()

    def refuse(event: Event) -> None:
        raise OutOfStockError("tea")

    bus.subscribe(Event, refuse)
    with pytest.raises(EventHandlerErrors) as caught:
        asyncio.run(bus.publish(Event()))

    assert ErrorKind.of(caught.value) is ErrorKind.CONFLICT
    assert str(cause_of(caught.value)) == "tea"


def test_a_domain_finds_the_kinds_where_its_base_classes_are() -> None:
    assert vega.patterns.ErrorKind is ErrorKind
