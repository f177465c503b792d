"""Mapping of errors to HTTP: by error kind, or by class as configured by the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self, final

from vega.errors import ErrorKind, cause_of

from .._errors import WebError

STATUS: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID: 422,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.TIMEOUT: 504,
    ErrorKind.INTERNAL: 500,
}
_KINDS: Final = {status: kind for kind, status in STATUS.items() if kind is not ErrorKind.INTERNAL}
ERRORS: Final = "x-vega-errors"  # the key for a route's errors in its OpenAPI extras
_PHRASES: Final = {known.value: known.phrase for known in HTTPStatus}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The HTTP response to an error.

    Args:
        status: the HTTP status, 400-599.
        type: the URI of the problem type.
        title: a short summary of the problem type; the reason phrase when empty.
    """

    status: int
    type: str = "about:blank"
    title: str = ""


class ErrorMap:
    """A mapping of error classes to problems; the nearest mapped class in the MRO of an error applies.

    Without a mapped class, the `ErrorKind` of the error decides. `create_app` uses the map of a `config.py` that
    defines `errors = ErrorMap()`.

    >>> class OutOfStockError(Exception): ...
    >>> errors = ErrorMap().map(OutOfStockError, status=409, type="https://shop.example/out-of-stock")
    >>> errors.find(OutOfStockError("tea")).status
    409
    """

    def __init__(self) -> None:
        self._mapped: dict[type[BaseException], Mapped] = {}

    def map(self, error: type[Exception], status: int, type: str = "about:blank", title: str = "") -> Self:
        """Map a class of errors, including subclasses, to a response.

        Args:
            error: the class.
            status: 400-599; below 500 the text of the error is shown, from 500 on only if its class states a `kind`.
            type: a URI for the problem type.
            title: a short summary of the problem type, the same for every occurrence.

        Raises:
            WebError: the status is not an error status.
        """
        if not 400 <= status <= 599:
            raise WebError(f"{status} is not an error status", f"{error.__qualname__} in an ErrorMap", "give 400-599")
        self._mapped[error] = Mapped(status=status, type=type, title=title)
        return self

    def find(self, error: BaseException) -> Mapped | None:
        """Return the mapping of an error, or None if only its kind decides.

        The result of `cause_of` is looked up first, then the error itself.
        """
        return self._nearest(self.cause_of(error)) or self._nearest(error)

    def cause_of(self, error: BaseException) -> BaseException:
        """Return the decisive error: the cause of a transparent error, or the most severe member of a group.

        Within a group, mapped errors rank by status; see `vega.errors.cause_of`.
        """
        return cause_of(error, self._kind_of)

    def _nearest(self, error: BaseException) -> Mapped | None:
        return next((self._mapped[kind] for kind in type(error).__mro__ if kind in self._mapped), None)

    def _kind_of(self, error: BaseException) -> ErrorKind | None:
        mapped = self._nearest(error)
        return None if mapped is None else _KINDS.get(mapped.status, ErrorKind.INVALID if mapped.status < 500 else None)

    def of_names(self, names: list[str]) -> Mapped | None:
        """Return the mapping of the first mapped class, by qualified names."""
        mapped = {_name(kind): answer for kind, answer in self._mapped.items()}
        return next((mapped[name] for name in names if name in mapped), None)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def names_of(error: type[Exception]) -> list[str]:
    """Return the status of an error's kind, followed by the qualified names of its MRO, for the OpenAPI document."""
    kind = getattr(error, "kind", ErrorKind.INTERNAL)
    return [str(STATUS.get(kind, 500)), *(_name(base) for base in error.__mro__)]


def phrase(status: int) -> str:
    """Return the reason phrase of a status; for unregistered statuses such as 499, that of the status class."""
    return _PHRASES.get(status) or _PHRASES.get(status // 100 * 100, "Error")
