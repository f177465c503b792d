"""What interactors and mediators share: made like any object, run by being awaited."""

from __future__ import annotations

import inspect
import warnings
from abc import ABCMeta
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ._behaviours import Behaviour, get_behaviours, run_through, sorted_behaviours
from ._errors import InvalidUseCaseError, NeverAwaitedWarning

T = TypeVar("T")


class UseCaseType(ABCMeta):
    """The class of use case classes: notes when one has been made whole, so that only those warn."""

    if not TYPE_CHECKING:  # checkers read the class's own constructor

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            if "_own_behaviours" not in cls.__dict__:
                _prepare(cls)
            made = super().__call__(*args, **kwargs)
            _set_awaited(made, False)
            return made


class UseCase(Generic[T], metaclass=UseCaseType):
    """The base of `Interactor` and `Mediator`; not meant to be subclassed otherwise."""

    __slots__ = ("_awaited",)

    behaviours: ClassVar[Iterable[Behaviour]] = ()
    read_only: ClassVar[bool] = False
    _own_behaviours: ClassVar[tuple[Behaviour, ...]]
    _unbound: ClassVar[tuple[str, ...]]

    input: Any
    call: Callable[..., Awaitable[T]]

    def __init__(self, **values: Any) -> None:
        model = getattr(type(self), "Input", None)
        if model is not None:
            self.input = model(**values)
        elif values:
            raise TypeError(f"{type(self).__name__}() takes no arguments, for it has neither Input nor __init__")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "call" in cls.__dict__:
            _check_call(cls, cls.__dict__["call"])

    def __await__(self) -> Generator[Any, Any, T]:
        _set_awaited(self, True)
        behaviours = get_behaviours()
        own = type(self)._own_behaviours
        if behaviours or own:
            chain = sorted_behaviours(behaviours, own)
            return run_through(chain, self, self._start).__await__()
        return self._start().__await__()

    def _start(self) -> Awaitable[T]:
        unbound = type(self)._unbound
        if unbound:
            raise InvalidUseCaseError(
                f"nothing gives {', '.join(unbound)} to call",
                f"{type(self).__module__}.{type(self).__qualname__}.call",
                "decorate call with @bind (from vega.di), or call it by hand: use_case.call(...)",
            )
        running = self.call()
        if not hasattr(running, "__await__"):
            raise InvalidUseCaseError(
                "call returned something that cannot be awaited",
                f"{type(self).__module__}.{type(self).__qualname__}.call",
                "write async def call",
            )
        return running

    def __del__(self) -> None:
        if getattr(self, "_awaited", True):  # unset when the constructor raised
            return
        name = type(self).__name__
        warnings.warn(
            f"{name} was made but never awaited, so it did not run; write: await {name}(...)",
            NeverAwaitedWarning,
            stacklevel=2,
            source=self,
        )


_set_awaited: Callable[[Any, bool], None] = UseCase.__dict__["_awaited"].__set__


def _prepare(cls: type[UseCase[Any]]) -> None:
    if not callable(getattr(cls, "call", None)):
        raise InvalidUseCaseError(
            f"{cls.__qualname__} has no call",
            f"{cls.__module__}.{cls.__qualname__}",
            "write async def call(self), with what it needs as parameters under @bind",
        )
    cls._unbound = _unbound_parameters(cls.call)
    declared = [kind.__dict__["behaviours"] for kind in reversed(cls.__mro__) if "behaviours" in kind.__dict__]
    cls._own_behaviours = tuple(behaviour for behaviours in declared for behaviour in behaviours)


def _unbound_parameters(call: Any) -> tuple[str, ...]:
    if not inspect.isfunction(call) or hasattr(call, "__wrapped__"):
        return ()  # decorated: whoever wrapped it may supply them
    required = list(inspect.signature(call).parameters.values())[1:]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(p.name for p in required if p.default is p.empty and p.kind not in kinds)


def _check_call(cls: type, call: Any) -> None:
    if isinstance(call, staticmethod | classmethod | property) or not callable(call):
        what = f"call is a {type(call).__name__}, not a method"
    elif inspect.isfunction(inspect.unwrap(call)) and not _is_async(inspect.unwrap(call)):
        what = "call is not async"
    else:
        return
    raise InvalidUseCaseError(what, f"{cls.__module__}.{cls.__qualname__}.call", "write async def call(self, ...)")


def _is_async(function: Any) -> bool:
    if inspect.iscoroutinefunction(function):
        return True
    answer = function.__annotations__.get("return", "")
    return "Awaitable" in str(answer) or "Coroutine" in str(answer) or "Future" in str(answer)
