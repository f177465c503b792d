"""What HTTP says of an error: by its kind, or as the application maps its class."""

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
ERRORS: Final = "x-vega-errors"  # where a route's OpenAPI says which errors it names
_PHRASES: Final = {known.value: known.phrase for known in HTTPStatus}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How an error is answered.

    Args:
        status: the HTTP status, 400-599.
        type: the URI of the sort of problem.
        title: the sort of problem in words; empty for the words of the status.
    """

    status: int
    type: str = "about:blank"
    title: str = ""


class ErrorMap:
    """The problems that classes of errors become; each error is answered as its nearest mapped class says.

    An error that no class of its MRO is mapped for is answered by its `ErrorKind`. A `config.py` that defines
    `errors = ErrorMap()` has it used by `create_app`.

    >>> class OutOfStockError(Exception): ...
    >>> errors = ErrorMap().map(OutOfStockError, status=409, type="https://shop.example/out-of-stock")
    >>> errors.find(OutOfStockError("tea")).status
    409
    """

    def __init__(self) -> None:
        self._mapped: dict[type[BaseException], Mapped] = {}

    def map(self, error: type[Exception], status: int, type: str = "about:blank", title: str = "") -> Self:
        """Say how a class of errors, and those derived from it, are answered.

        Args:
            error: the class.
            status: 400-599; below 500 the error's text is shown, from 500 on only if its class states a `kind`.
            type: a URI that names the sort of problem.
            title: the sort of problem in words, the same for every occurrence.

        Raises:
            WebError: the status is none of an error.
        """
        if not 400 <= status <= 599:
            raise WebError(f"{status} is no status of an error", f"{error.__qualname__} in an ErrorMap", "give 400-599")
        self._mapped[error] = Mapped(status=status, type=type, title=title)
        return self

    def find(self, error: BaseException) -> Mapped | None:
        """Return how an error is answered; None where only its kind says it.

        The error that counts is looked for first, then the error itself.
        """
        return self._nearest(self.cause_of(error)) or self._nearest(error)

    def cause_of(self, error: BaseException) -> BaseException:
        """Return the error that counts: the cause of a transparent one, or the one that decides about a group.

        In a group, mapped errors count by their status; see `vega.errors.cause_of`.
        """
        return cause_of(error, self._kind_of)

    def _nearest(self, error: BaseException) -> Mapped | None:
        return next((self._mapped[kind] for kind in type(error).__mro__ if kind in self._mapped), None)

    def _kind_of(self, error: BaseException) -> ErrorKind | None:
        mapped = self._nearest(error)
        return None if mapped is None else _KINDS.get(mapped.status, ErrorKind.INVALID if mapped.status < 500 else None)

    def of_names(self, names: list[str]) -> Mapped | None:
        """Return what the first of several classes that is mapped is mapped to, by their qualified names."""
        mapped = {_name(kind): answer for kind, answer in self._mapped.items()}
        return next((mapped[name] for name in names if name in mapped), None)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def names_of(error: type[Exception]) -> list[str]:
    """Return the status that an error's kind gives, then the qualified names of its MRO: as JSON, for OpenAPI."""
    kind = getattr(error, "kind", ErrorKind.INTERNAL)
    return [str(STATUS.get(kind, 500)), *(_name(each) for each in error.__mro__)]


def phrase(status: int) -> str:
    """Return the words of a status; those of its class when it is none of the registered ones, such as 499."""
    return _PHRASES.get(status) or _PHRASES.get(status // 100 * 100, "Error")
