"""A function whose parameters are injected: read once, compiled once for each container it meets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._codegen.source import block
from .._errors import InvalidRegistrationError
from .._keys.key import label
from .._keys.scope import Scope
from .._registration.registration import code_flags
from .._runtime.context import Home, ambient, current, leave
from .call_plans import CallPlan
from .wiring import Wiring, wire

if TYPE_CHECKING:
    from .._engine.engine import Engine

MISSING: Any = ...  # a constant of the language: comparing with it is the cheapest there is
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # CO_* flags of a code object
_SPREAD: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


class Bound:
    """One bound function: what it takes, and how its calls are to be made.

    Args:
        function: the user's function.
        name: the named service that parameters prefer.
        scope: SCOPED opens a scope even if no parameter needs one; TRANSIENT always opens a new one;
            SINGLETON refuses parameters that live in a scope; None opens one when it is needed.
        given: the parameters that callers give; the others must be injectable. None: whatever is not injectable.
        home: the container it belongs to; None for the current one of each call.
        is_ambient: whether a scope that a call opens is ambient for what the function calls.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        given: frozenset[str] | None = None,
        home: Home | None = None,
        is_ambient: bool = True,
    ) -> None:
        self.function = function
        self.name = name
        self.scope = scope
        self.given = given
        self.home = home
        self.is_ambient = is_ambient
        self.hints: Any = None
        self.signature = _signature_of(function)
        self.shape = [(each.name, _spread(each)) for each in self.signature.parameters.values()]
        self.variable = {each for each, spread in self.shape if spread in {"*", "**"}}
        flags = code_flags(function)
        self.is_coroutine = bool(flags & _COROUTINE)
        self.is_generator = bool(flags & (_GENERATOR | _ASYNC_GENERATOR))
        self.is_async = bool(flags & (_COROUTINE | _ASYNC_GENERATOR))
        self.wrapper: Any = None
        self.first_code: Any = None

    def engine(self) -> Engine:
        """Give the engine that is valid for this call."""
        home = self.home or current.get()
        if home.engine is not None:
            found: Engine = home.engine
            return found
        from .._container.current import container_of

        return container_of(home).effective()

    # The way of a call that is not the usual one: a new epoch, an override, a given argument.

    def call(self, *values: Any) -> Any:
        """Call the function; `values` are all parameters by position, MISSING where none was given."""
        engine = self.engine()
        given = frozenset(name for (name, _), value in zip(self.shape, values, strict=True) if value is not MISSING)
        entry = engine.calls.get((self, given))
        if entry is None:
            entry = engine.calls[self, given] = Entry(engine, self, given)
        return entry.call(values)


class Entry:
    """How one bound function is called in one epoch, when certain arguments are given."""

    __slots__ = ("_free", "_join", "_open", "bound", "engine", "plan", "ready", "wiring")

    def __init__(self, engine: Engine, bound: Bound, given: frozenset[str]) -> None:
        self.engine = engine
        self.bound = bound
        self.wiring: Wiring = wire(engine, bound, given)
        names = {name: f"_p{index}" for index, (name, _) in enumerate(bound.shape)}
        self.plan = CallPlan(engine, bound, self.wiring.node, names)
        self.ready = False
        self._free: Any = None
        self._join: Any = None
        self._open: Any = None

    def call(self, values: tuple[Any, ...]) -> Any:
        """Call the function with what was given and what is injected."""
        if self.wiring.defaults:
            values = self.wiring.complete(values)
        if self.bound.is_generator:
            from .generators import drive

            return drive(self, values)
        if self.ready:
            return self.run(values)
        if self.bound.is_async:
            return self._first(values)
        self.engine.build(self.wiring.node)
        self._get_ready()
        return self.run(values)

    async def _first(self, values: tuple[Any, ...]) -> Any:
        await self.engine.abuild(self.wiring.node)
        self._get_ready()
        return await self.run(values)

    def _get_ready(self) -> None:
        from .specialisation import specialise

        with self.engine.container.lock:
            specialise(self)
        self.ready = True

    @property
    def needs_scope(self) -> bool:
        """Whether a call needs a scope, for its parameters or because it was asked for."""
        return self.plan.needs_scope or self.bound.scope in {Scope.SCOPED, Scope.TRANSIENT}

    def run(self, values: tuple[Any, ...]) -> Any:
        """Call the function once its singletons have been built."""
        if not self.needs_scope:
            return self.free(*values)
        scope = None if self.bound.scope is Scope.TRANSIENT else self.engine.container.ambient()
        if scope is not None:
            return self.join(scope, *values)
        return self.open(*values)

    @property
    def free(self) -> Any:
        """The function that needs no scope."""
        if self._free is None:
            self._free = self.plan.free()
        return self._free

    @property
    def join(self) -> Any:
        """The function that takes its services from an open scope."""
        if self._join is None:
            self._join = self.plan.join()
        return self._join

    @property
    def open(self) -> Any:
        """The function that opens a scope for the call."""
        if self._open is None:
            source = self.plan.source()
            source.names.update(SET=ambient.set, RESET=ambient.reset, LEAVE=leave)
            lines = self.opening_lines(self.plan, source)
            head = "async def" if self.bound.is_async else "def"
            source.text = f"{head} plan({self.plan.parameters}):\n{block(lines)}"
            self._open = source.compile()
        return self._open

    def opening_lines(self, plan: CallPlan, source: Any) -> list[str]:
        """Write the body of a call that opens a scope: unseen where nobody can tell."""
        if plan.can_hide and not self.bound.is_ambient:
            return plan.hidden_lines(source)
        return plan.opened_lines(source, ambient=self.bound.is_ambient)


def _spread(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
        return f"{parameter.name}="
    return _SPREAD.get(parameter.kind, "")


def _signature_of(function: Any) -> inspect.Signature:
    if isinstance(function, type) or not callable(function):
        raise InvalidRegistrationError(
            f"{label(function)} cannot be bound: it is no function",
            "@bind",
            "bind the method that does the work; a class gets its dependencies through its constructor",
        )
    return inspect.signature(function)


def signature_text(bound: Bound) -> str:
    """Write the parameters of the wrapper: the user's own names, each of which may be left out."""
    parts: list[str] = []
    kinds = [each.kind for each in bound.signature.parameters.values()]
    names = [name for name, _ in bound.shape]
    last_positional_only = max(
        (i for i, kind in enumerate(kinds) if kind == inspect.Parameter.POSITIONAL_ONLY), default=-1
    )
    starred = False
    for index, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if kind == inspect.Parameter.VAR_POSITIONAL:
            starred = True
        if kind == inspect.Parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        spread = _SPREAD.get(kind, "")
        parts.append(f"{spread}{name}" if spread else f"{name}=...")
        if index == last_positional_only:
            parts.append("/")
    return ", ".join(parts)


_RELAY = """\
    _step, _sent = _r.asend, None
    while True:
        try:
            _item = await _step(_sent)
        except StopAsyncIteration:
            return
        try:
            _sent, _step = (yield _item), _r.asend
        except GeneratorExit:
            await _r.aclose()
            raise
        except BaseException as _e:
            _sent, _step = _e, _r.athrow
"""


def make_wrapper(bound: Bound) -> Any:
    """Make the function that callers get; it writes itself anew at its first call."""
    values = ", ".join(name for name, _ in bound.shape)
    call = f"__vega_call__({values})"
    if bound.is_coroutine:
        text = f"async def call({signature_text(bound)}):\n    return await {call}\n"
    elif not bound.is_generator:
        text = f"def call({signature_text(bound)}):\n    return {call}\n"
    elif bound.is_async:
        text = f"async def call({signature_text(bound)}):\n    _r = {call}\n{_RELAY}"
    else:
        text = f"def call({signature_text(bound)}):\n    return (yield from {call})\n"
    names: dict[str, Any] = {
        "__vega_call__": bound.call,
        "__name__": bound.function.__module__,
    }
    exec(compile(text, "<vega.di bind>", "exec", dont_inherit=True), names)  # noqa: S102  # parameter names are identifiers
    wrapper = names.pop("call")
    bound.first_code = wrapper.__code__
    bound.wrapper = wrapper
    return wrapper
