"""Markers of annotations: a name, a deferred service, every implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from .resolver import Resolver

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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
    """Resolves a service at each call: ``sessions: Provider[Session]``, then ``sessions()`` or ``sessions(scope)``.

    A singleton may hold the provider of a scoped service, and passes the scope at each call.
    """

    __slots__ = ("_key", "_name", "_owner")
    keeps: ClassVar[bool] = False

    def __init__(self, owner: Resolver, key: Any, name: str | None) -> None:
        self._owner = owner
        self._key = key
        self._name = name

    def __call__(self, scope: Resolver | None = None) -> T_co:
        """Return the service.

        Args:
            scope: the open scope to resolve from; by default the scope that the provider was injected in.

        Raises:
            CaptiveDependencyError: the holder is a singleton, the service is scoped and no scope was given.
            AsyncRequiredError: building the service needs ``await``; use `aget`.
        """
        service: T_co = (scope or self._owner).resolve(self._key, name=self._name)
        return service

    async def aget(self, scope: Resolver | None = None) -> T_co:
        """Return the service, awaiting async factories."""
        service: T_co = await (scope or self._owner).aresolve(self._key, name=self._name)
        return service


class Lazy(Provider[T_co]):
    """A service that is built at the first call, and kept: ``mailer: Lazy[Mailer]``, then ``mailer()``.

    Two services may hold each other this way, since wiring builds neither.
    """

    __slots__ = ("_value",)
    keeps: ClassVar[bool] = True

    def __call__(self, scope: Resolver | None = None) -> T_co:
        """Return the service, building it at the first call."""
        try:
            return self._value
        except AttributeError:
            self._value: T_co = super().__call__(scope)
            return self._value

    async def aget(self, scope: Resolver | None = None) -> T_co:
        """Return the service, building it at the first call."""
        try:
            return self._value
        except AttributeError:
            self._value = await super().aget(scope)
            return self._value
