"""The errors of vega.di: mistake, place and remedy.

::

    Exception
    +-- InjectionError                      VG200  (what, where, fix)
    |   +-- MissingProviderError            VG201  nothing provides a key
    |   +-- CircularDependencyError         VG202  a service needs itself
    |   +-- CaptiveDependencyError          VG203  a long life holds a short one
    |   +-- AmbiguousProviderError          VG204  two registrations, one wanted
    |   +-- AsyncRequiredError              VG205  async work was requested from sync code
    |   +-- WrongImplementationError        VG206  the implementation does not fit the key
    |   +-- UnresolvedHintError             VG207  an annotation cannot be read
    |   +-- InvalidKeyError                 VG208  the key is not a type
    |   +-- InvalidRegistrationError        VG209  the registered object cannot be a provider
    |   +-- ScopeRequiredError              VG210  a scoped service was requested outside a scope
    |   +-- ScopeClosedError                VG211  the scope is closed
    |   +-- ContainerClosedError            VG212  the container is closed
    |   +-- InvalidInstanceError            VG213  a factory returned None or the wrong type
    |   +-- InvalidGeneratorError           VG214  a generator yielded never or twice
    |   +-- ConstructionError               VG215  a constructor or factory raised
    +-- ExceptionGroup
        +-- ContainerError                  every mistake of a container, found at build
        +-- CloseError                      every failure of the finalisers of one scope
"""

from collections.abc import Sequence
from typing import ClassVar


class InjectionError(Exception):
    """Root of the errors of this package; pickles, copies, and prints mistake / place / remedy.

    Args:
        what: a sentence with the mistake.
        where: the place: a drawn path, a parameter, a file and line.
        fix: the remedy.
    """

    code: ClassVar[str] = "VG200"

    def __init__(self, what: str, where: str, fix: str) -> None:
        super().__init__(what, where, fix)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        return f"[{self.code}] {self.what}\n  where: {self.where}\n  fix:   {self.fix}"


class MissingProviderError(InjectionError):
    """Nothing provides a requested key."""

    code = "VG201"


class CircularDependencyError(InjectionError):
    """A service depends on itself, directly or indirectly."""

    code = "VG202"


class CaptiveDependencyError(InjectionError):
    """A service with a long lifetime would keep a service with a short one."""

    code = "VG203"


class AmbiguousProviderError(InjectionError):
    """Several registrations provide a key and one is wanted."""

    code = "VG204"


class AsyncRequiredError(InjectionError):
    """Building or closing something needs ``await``, and the caller is not async."""

    code = "VG205"


class WrongImplementationError(InjectionError):
    """The registered class or factory does not fit the key."""

    code = "VG206"


class UnresolvedHintError(InjectionError):
    """The annotation of a parameter cannot be read at run time."""

    code = "VG207"


class InvalidKeyError(InjectionError):
    """A key is not a type."""

    code = "VG208"


class InvalidRegistrationError(InjectionError):
    """A registration can never provide anything."""

    code = "VG209"


class ScopeRequiredError(InjectionError):
    """A scoped service was requested without an open scope."""

    code = "VG210"


class ScopeClosedError(InjectionError):
    """A scope was used after its end."""

    code = "VG211"


class ContainerClosedError(InjectionError):
    """A container was used after its end."""

    code = "VG212"


class InvalidInstanceError(InjectionError):
    """A factory returned ``None`` or an object of the wrong type."""

    code = "VG213"


class InvalidGeneratorError(InjectionError):
    """A generator factory yielded never, or twice."""

    code = "VG214"


class ConstructionError(InjectionError):
    """A constructor or factory raised; the error is the ``__cause__``.

    Attributes:
        transparent: True; handlers of errors by class use the cause instead.
    """

    code = "VG215"
    transparent: ClassVar[bool] = True


class ContainerError(ExceptionGroup[InjectionError]):
    """Every mistake of a container, found at the build; ``exceptions`` holds `InjectionError` objects."""

    def derive(self, excs: Sequence[InjectionError], /) -> "ContainerError":  # type: ignore[override]  # holds our errors only
        """Keep the class when the group is split."""
        return ContainerError(self.message, excs)

    def __str__(self) -> str:
        return "\n".join((super().__str__(), *(str(error) for error in self.exceptions)))


class CloseError(ExceptionGroup[Exception]):
    """Several finalisers of a scope failed; all ran."""

    def derive(self, excs: Sequence[Exception], /) -> "CloseError":  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return CloseError(self.message, excs)


for _error in [each for each in globals().values() if isinstance(each, type) and issubclass(each, Exception)]:
    _error.__module__ = __name__.rpartition(".")[0]  # errors name the public package
