"""Errors of vega.patterns: one root, three parts (what, where, fix), stable codes.

PatternError
├── InvalidUseCaseError         VG141  a use case without `call`, or whose `call` cannot be awaited
├── InvalidValueObjectError     VG142  a value object that is not frozen
├── InvalidSpecificationError   VG143  a specification without a rule, or combined with another type
├── EntityNotFoundError         VG144  no entity with the identifier
├── TriggerError                VG145  an event cannot be built from the result of a use case
├── UnitOfWorkError             VG146  a unit of work is missing, closed, or used the wrong way
├── InvalidBehaviourError       VG147  a behaviour that is not callable, or calls `call_next` twice
├── NotAuthorisedError          VG148  a caller without permission for a use case
└── ValidatorError              VG149  a validator or message with a wrong declaration, or a missing library
query.QueryError                VG150  see vega.patterns.query
"""

from typing import ClassVar

from vega.errors import CoreError, ErrorKind


class PatternError(CoreError):
    """The root of the errors of vega.patterns."""

    code: ClassVar[str] = "VG140"


class InvalidUseCaseError(PatternError):
    """A use case has no `call`, or its `call` is not awaitable."""

    code = "VG141"


class InvalidValueObjectError(PatternError):
    """A value object is not frozen."""

    code = "VG142"


class InvalidSpecificationError(PatternError):
    """A specification has no rule, or is combined with an object of another type."""

    code = "VG143"


class EntityNotFoundError(PatternError):
    """No entity has the identifier."""

    code = "VG144"
    kind = ErrorKind.MISSING


class TriggerError(PatternError):
    """An event cannot be built from the result of a use case."""

    code = "VG145"


class UnitOfWorkError(PatternError):
    """A unit of work is missing, closed, or used the wrong way.

    Attributes:
        retryable: whether running the unit again may succeed.
    """

    code = "VG146"
    retryable: bool = False


class InvalidBehaviourError(PatternError):
    """A behaviour is not callable, or calls `call_next` more than once without permission."""

    code = "VG147"


class NotAuthorisedError(PatternError):
    """The caller may not run the use case."""

    code = "VG148"
    kind = ErrorKind.FORBIDDEN


class ValidatorError(PatternError):
    """The declaration of a validator or message is wrong, or a validator's library is missing."""

    code = "VG149"


class NeverAwaitedWarning(RuntimeWarning):
    """A use case was constructed and discarded without being awaited, so it never ran."""


NeverAwaitedWarning.__module__ = "vega.patterns"
