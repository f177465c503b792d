"""What can go wrong in vega.patterns: one root, three parts (what, where, fix), a stable code.

PatternError
├── InvalidUseCaseError         VG141  a use case without `call`, or whose `call` cannot be awaited
├── InvalidValueObjectError     VG142  a value object that could be changed
├── InvalidSpecificationError   VG143  a specification that says nothing, or is combined with something else
├── EntityNotFoundError         VG144  no entity has the identifier that was asked for
├── TriggerError                VG145  an event cannot be built from the result of a use case
├── UnitOfWorkError             VG146  a unit of work is missing, closed, or used the wrong way
├── InvalidBehaviourError       VG147  a behaviour that cannot be called, or calls on twice
├── NotAuthorisedError          VG148  a use case refused its caller
└── ValidatorError              VG149  a validator or a text is declared wrong, or its library is missing
query.QueryError                VG150  see vega.patterns.query
"""

from typing import ClassVar

from vega.errors import CoreError, ErrorKind


class PatternError(CoreError):
    """The root of the errors of vega.patterns."""

    code: ClassVar[str] = "VG140"


class InvalidUseCaseError(PatternError):
    """A use case has no `call`, or one that cannot be awaited."""

    code = "VG141"


class InvalidValueObjectError(PatternError):
    """A value object could be changed after it was made."""

    code = "VG142"


class InvalidSpecificationError(PatternError):
    """A specification says nothing, or is combined with something that is none."""

    code = "VG143"


class EntityNotFoundError(PatternError):
    """No entity has the identifier that was asked for."""

    code = "VG144"
    kind = ErrorKind.MISSING


class TriggerError(PatternError):
    """An event cannot be built from the result of a use case."""

    code = "VG145"


class UnitOfWorkError(PatternError):
    """A unit of work is missing, closed, or used the wrong way.

    Attributes:
        retryable: whether it reports a failure after which the unit may run again.
    """

    code = "VG146"
    retryable: bool = False


class InvalidBehaviourError(PatternError):
    """A behaviour cannot be called, or calls on more than once where it may not."""

    code = "VG147"


class NotAuthorisedError(PatternError):
    """A use case refused its caller."""

    code = "VG148"
    kind = ErrorKind.FORBIDDEN


class ValidatorError(PatternError):
    """A validator, or a text for its failures, is declared wrong; or the library it needs is missing."""

    code = "VG149"


class NeverAwaitedWarning(RuntimeWarning):
    """A use case was made and thrown away without being awaited, so it never ran."""


NeverAwaitedWarning.__module__ = "vega.patterns"
