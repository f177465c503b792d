"""Disclosure of errors to clients: one rule for HTTP, WebSockets, events, GraphQL and third-party edges.

Clients see errors whose class states a `kind` other than internal, errors named by the edge (a route, a map of errors),
and a `ValidationError` of the input of the delivered use case. All other errors become a status without text: a builtin
`TimeoutError`, a `ValidationError` of data from elsewhere, an undeclared error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, final

from vega.errors import ErrorKind, cause_of
from vega.patterns import Interactor, Mediator

__all__ = ["Disclosure", "disclose"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The part of an error that a client may see.

    Attributes:
        kind: the kind of failure.
        detail: the text; None if the text must be logged instead of shown.
        fields: for invalid input, place, message and type of each mistake; values are not repeated.
    """

    kind: ErrorKind
    detail: str | None = None
    fields: Sequence[Mapping[str, Any]] = ()


def disclose(error: BaseException, *, is_named: bool = False) -> Disclosure:
    """Return the part of an error that a client may see.

    Args:
        error: the error caught by the edge; a transparent error stands for its cause.
        is_named: whether the edge declares the error as visible.

    >>> class SoldOutError(Exception):
    ...     kind = ErrorKind.CONFLICT
    >>> disclose(SoldOutError("no tea is left")).detail
    'no tea is left'
    >>> disclose(TimeoutError("connect to 10.1.2.3")).detail is None
    True
    """
    caught, error = error, cause_of(error)
    kind = ErrorKind.of(error)
    if _is_validation_error(error):
        is_delivered = caught is error and _is_delivered_input(error.__traceback__)
        if is_named or _is_declared(error) or is_delivered:
            return Disclosure(kind=ErrorKind.INVALID, detail="the input is invalid", fields=tuple(_fields(error)))
        return Disclosure(kind=ErrorKind.INTERNAL)
    if is_named or (_is_declared(error) and kind is not ErrorKind.INTERNAL):
        return Disclosure(kind=kind, detail=getattr(error, "what", "") or str(error))
    return Disclosure(kind=kind)


def _is_declared(error: BaseException) -> bool:
    """Return whether the class of an error states a kind; builtin errors do not."""
    return getattr(error, "kind", None) in tuple(ErrorKind)


def _is_validation_error(error: BaseException) -> bool:
    """Return whether an error is pydantic's, without importing pydantic."""
    return type(error).__name__ == "ValidationError" and callable(getattr(error, "errors", None))


def _fields(error: Any) -> Iterator[Mapping[str, Any]]:
    for entry in error.errors(include_url=False, include_context=False, include_input=False):
        yield {"loc": list(entry["loc"]), "msg": entry["msg"], "type": entry["type"]}


def _is_delivered_input(trace: TracebackType | None) -> bool:
    """Return whether an error comes from the constructor of a use case that no other use case called.

    A use case that constructs another with wrong values is at fault itself, not the client.
    """
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
        if isinstance(_first_argument(frame), Interactor | Mediator):
            if frame.f_code.co_name == "__init__":
                return True
            if not frame.f_globals.get("__name__", "").startswith("vega.patterns."):  # wrappers around methods
                return False
    return False


def _first_argument(frame: FrameType) -> object:
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
