"""A container of drawn services whose objects record what becomes of them, and the laws that they keep."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from vega.di import ConstructionError, Container, Scope, current_scope

from .laws_graphs import ASYNC, Kind, Spec, rooted

INIT = "def make(self, {names}): self.begin(({values}))"
ASKING_INIT = "def make(self, {names}): self.begin(({values} *self.world.ask(self.number),))"


class BoomError(Exception):
    """A drawn failure."""


class Body:
    """The block for which a scope is open; that of a call begins once it has all it needs."""

    def __init__(self) -> None:
        self.runs, self.is_over = False, False
        self.shared: dict[int, Service] = {}

    def __enter__(self) -> None:
        self.runs = True

    def __exit__(self, *_: object) -> None:
        self.runs, self.is_over = False, True


BODY: ContextVar[Body] = ContextVar("body")


async def steps(count: int) -> None:
    """Let the others run."""
    for _ in range(count):
        await asyncio.sleep(0)


class Service:
    """One object, and what becomes of it."""

    world: ClassVar[World]
    number: ClassVar[int]

    def begin(self, needs: tuple[Service, ...]) -> None:
        """Be constructed, as far as all kinds do."""
        self.needs = needs
        self.body = BODY.get()
        if self.spec.kind not in ASYNC:
            self.world.pause(self.spec.waits)
        self.is_late, self.is_closing, self.is_closed = False, False, False
        if self.spec.kind not in {Kind.CONTEXT, Kind.ASYNC_CONTEXT}:
            self.world.attempt(self.number)
        for each in needs:
            self.world.demand(
                not each.is_closing or self.body.is_over, f"{self} was given {each}, which had been closed"
            )

    @property
    def spec(self) -> Spec:
        """What was drawn for the service."""
        return self.world.specs[self.number]

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.spec.scope.value}"

    def holds(self, other: Service) -> bool:
        """Say whether an object can be reached from this one."""
        return any(each is other or each.holds(other) for each in self.needs)

    def open(self) -> Self:
        """Note that somebody has to close this from now on."""
        self.is_late = self.body.is_over
        self.world.opened.append(self)
        return self

    def start_closing(self) -> None:
        """Check that it is time."""
        world = self.world
        world.demand(not self.is_closing, f"{self} was closed twice")
        self.is_closing = True
        if self.number not in world.rooted:
            world.demand(not self.body.runs, f"{self} was closed inside its scope")
        for each in world.opened:
            if not each.is_late and not each.is_closed and each.holds(self):
                world.violations.append(f"{self} was closed before {each}, which holds it")

    def close(self) -> None:
        """End, as sync kinds do."""
        self.start_closing()
        self.world.pause(self.spec.closing)
        self.is_closed = True

    async def aclose(self) -> None:
        """End, as async kinds do."""
        self.start_closing()
        try:
            await steps(self.spec.closing)
        finally:
            self.is_closed = True


class Managed(Service):
    """A context manager."""

    def __enter__(self) -> Self:
        self.needs += self.world.ask(self.number)
        self.world.attempt(self.number)
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncManaged(Service):
    """An async context manager."""

    async def __aenter__(self) -> Self:
        self.needs += await self.world.aask(self.number)
        self.world.attempt(self.number)
        return self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


BASES = {Kind.CONTEXT: Managed, Kind.ASYNC_CONTEXT: AsyncManaged}


class HangError(BaseException):
    """Somebody waits for ever."""


class World:
    """The container of drawn services, every object that was opened, and the laws that were broken."""

    foreseen: tuple[type[Exception], ...] = (BoomError,)

    def __init__(self, specs: tuple[Spec, ...], pause: Callable[[int], None] = lambda _: None) -> None:
        self.specs = specs
        self.pause = pause  # what lets other threads run
        self.container = Container()
        self.types: list[type[Service]] = []
        self.attempts: Counter[int] = Counter()
        self.opened: list[Service] = []
        self.violations: list[str] = []
        self.singletons: dict[int, Service] = {}
        self.rooted = rooted(specs)
        for number in range(len(specs)):
            self._register(number)

    def _register(self, number: int) -> None:
        spec = self.specs[number]
        space = {"world": self, "number": number}
        made = type(f"S{number}", (BASES.get(spec.kind, Service),), space)
        self.types.append(made)
        if spec.kind in {Kind.CLASS, Kind.CONTEXT, Kind.ASYNC_CONTEXT}:
            made.__init__ = self.taking(spec.needs, ASKING_INIT if spec.kind is Kind.CLASS else INIT)  # type: ignore[misc]  # a class of its own
            self.container.register(made, scope=spec.scope)
        else:
            factory = self.taking(spec.needs, spec.kind.value, **Factory(self, number).ways())
            self.container.register_factory(made, factory, scope=spec.scope)

    def taking(self, needs: tuple[int, ...], text: str, **names: Any) -> Any:
        """Give a function whose parameters are services."""
        parameters = ", ".join(f"p{need}" for need in needs)
        exec(text.format(names=parameters, values=parameters and f"{parameters},"), names)
        names["make"].__annotations__ = {f"p{need}": self.types[need] for need in needs}
        return names["make"]

    def attempt(self, number: int) -> None:
        """Fail, if that was drawn for this attempt."""
        self.attempts[number] += 1
        if self.attempts[number] in self.specs[number].fails:
            raise BoomError(number)

    def ask(self, number: int) -> tuple[Service, ...]:
        """Take from the ambient scope what a factory asks for itself."""
        scope = current_scope()
        self.pause(self.specs[number].waits)
        return () if scope is None else tuple(scope.resolve(self.types[each]) for each in self.specs[number].asks)

    async def aask(self, number: int) -> tuple[Service, ...]:
        """Do the same in steps."""
        scope, spec = current_scope(), self.specs[number]
        found = () if scope is None else tuple([await scope.aresolve(self.types[each]) for each in spec.asks])
        await steps(spec.waits)
        return found

    def demand(self, is_kept: bool, law: str) -> None:
        """Note a law that is broken; an error would be lost among those that finalisers may raise."""
        if not is_kept:
            self.violations.append(law)

    def judge(self, error: Exception) -> None:
        """Check that an error is a drawn one, or one that tells of it."""
        cause: BaseException | None = error
        while isinstance(cause, ConstructionError):
            cause = cause.__cause__
        self.demand(isinstance(cause, self.foreseen), f"unexpected {error!r}")

    def take(self, got: Service) -> None:
        """Check what somebody was given: it is open, and shared with whom it should be."""
        body, scope = BODY.get(), got.spec.scope
        shared = {Scope.SCOPED: body.shared, Scope.SINGLETON: self.singletons, Scope.TRANSIENT: {}}[scope]
        self.demand(shared.setdefault(got.number, got) is got, f"there are two of {got}")
        self.demand(scope is not Scope.SCOPED or got.body is body, f"{got} is of another scope")
        self.demand(not got.is_closing or body.is_over, f"{got} was closed when it was given")
        for each in got.needs:
            self.take(each)

    def take_all(self, got: Sequence[Service]) -> None:
        """Check all that somebody was given."""
        for each in got:
            self.take(each)

    def demand_closed(self, *, rooted: bool) -> None:
        """Check that nothing was forgotten."""
        for each in self.opened:
            self.demand(each.is_closed or (each.number in self.rooted and not rooted), f"{each} was never closed")


@dataclass(frozen=True)
class Factory:
    """Makes the objects of a service that is no context manager."""

    world: World
    number: int

    def ways(self) -> dict[str, Callable[..., Any]]:
        """Give the names that the texts of the kinds use."""
        opened, aopened = contextmanager(self.opened), asynccontextmanager(self.aopened)
        return {"new": self.new, "anew": self.anew, "opened": opened, "aopened": aopened}

    def new(self, needs: tuple[Service, ...]) -> Service:
        made = self.world.types[self.number]()
        made.begin((*needs, *self.world.ask(self.number)))
        return made

    async def anew(self, needs: tuple[Service, ...]) -> Service:
        made = self.world.types[self.number]()
        made.begin((*needs, *await self.world.aask(self.number)))
        return made

    def opened(self, needs: tuple[Service, ...]) -> Iterator[Service]:
        made = self.new(needs).open()
        try:
            yield made
        finally:
            made.close()

    async def aopened(self, needs: tuple[Service, ...]) -> AsyncIterator[Service]:
        made = (await self.anew(needs)).open()
        try:
            yield made
        finally:
            await made.aclose()
