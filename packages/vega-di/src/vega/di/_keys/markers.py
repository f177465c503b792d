"""Markers of annotations: a name, a later time, every implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Asked(Protocol):
    """A resolver by address: a container or an open scope."""

    def resolve_address(self, wanted: Any, /) -> Any:
        """Give the service at an address."""

    async def aresolve_address(self, wanted: Any, /) -> Any:
        """Give the service at an address, awaiting where needed."""


class Named(NamedTuple):
    """Selects a named service: ``mailer: Annotated[Mailer, Named("sendgrid")]``.

    Args:
        name: the name given at registration; any text.
    """

    name: str


class InjectMarker:
    """The mark that ``Inject`` leaves in an ``Annotated`` type."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Inject"


INJECT = InjectMarker()

if TYPE_CHECKING:
    Inject = Annotated[T, INJECT]
else:

    class Inject:
        """Marks a parameter as injected: ``Inject[Clock]``, or ``Annotated[Clock, Inject]``."""

        def __class_getitem__(cls, item: Any) -> Any:
            """Spell the marker as an annotation."""
            return Annotated[item, INJECT]


class All(tuple[T_co, ...]):
    """Every implementation of a type, named or not, in order of registration: ``checks: All[HealthCheck]``."""

    __slots__ = ()


class Provider(Generic[T_co]):
    """Asks the container at each call: ``sessions: Provider[Session]``, then ``sessions()`` or ``sessions(scope)``.

    A singleton may hold the provider of a scoped service; it then says which scope it means.
    """

    __slots__ = ("_address", "_owner")
    keeps: ClassVar[bool] = False

    def __init__(self, owner: Any, wanted: Any) -> None:
        self._owner = owner
        self._address = wanted

    def __call__(self, scope: Asked | None = None) -> T_co:
        """Give the service.

        Args:
            scope: the open scope to ask; the one this provider was injected in, when left out.

        Raises:
            CaptiveDependencyError: the holder is a singleton, the service is scoped and no scope was given.
            AsyncRequiredError: building it needs ``await``; use `aget`.
        """
        found: T_co = (scope or self._owner).resolve_address(self._address)
        return found

    async def aget(self, scope: Asked | None = None) -> T_co:
        """Give the service, awaiting what has to be awaited."""
        found: T_co = await (scope or self._owner).aresolve_address(self._address)
        return found


class Lazy(Provider[T_co]):
    """A service that is built when first asked for, and kept: ``mailer: Lazy[Mailer]``, then ``mailer()``.

    It also lets two services know each other, since nothing is built while they are wired.
    """

    __slots__ = ("_value",)
    keeps: ClassVar[bool] = True

    def __call__(self, scope: Asked | None = None) -> T_co:
        """Give the service, building it the first time."""
        try:
            return self._value
        except AttributeError:
            self._value: T_co = super().__call__(scope)
            return self._value

    async def aget(self, scope: Asked | None = None) -> T_co:
        """Give the service, building it the first time."""
        try:
            return self._value
        except AttributeError:
            self._value = await super().aget(scope)
            return self._value
