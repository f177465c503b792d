"""The base of interactors and mediators: constructed like any object, run by `await`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from .._errors import InvalidUseCaseError
from .await_method import await_through, replace_method, set_attribute
from .behaviours import Behaviour
from .input_names import is_pydantic_dataclass, names_of, only
from .never_awaited import UseCaseType, warn_unless_awaited

T = TypeVar("T")


class UseCase(Generic[T], metaclass=UseCaseType):
    """The base of `Interactor` and `Mediator`; not meant for other subclasses.

    Each class is examined once: the first construction selects the validator of the input, and the first run replaces
    `__await__` by a method without checks.
    """

    __slots__ = ("_awaited",)  # unset until the constructor has returned

    behaviours: ClassVar[Iterable[Behaviour]] = ()
    read_only: ClassVar[bool] = False

    _awaited: bool
    _checked: ClassVar[Callable[[dict[str, Any]], Any] | None] = None  # constructs the Input; set at first use
    input: Any
    call: Callable[..., Awaitable[T]]

    def __init__(self, /, **values: Any) -> None:
        self.input = (type(self)._checked or _find_checker(type(self)))(values)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "call" in cls.__dict__:
            _check_call(cls, cls.__dict__["call"])
        cls._checked = None
        replace_method(cls, "__await__", _FIRST_AWAIT)

    def __await__(self) -> Generator[Any, Any, T]:
        set_attribute(self, "_awaited", True)
        own = _prepared(type(self))
        is_frozen = type(self).__setattr__ is not object.__setattr__
        replace_method(type(self), "__await__", await_through(own, is_frozen=is_frozen))
        return self.__await__()

    def __del__(self) -> None:
        warn_unless_awaited(self)


_FIRST_AWAIT: object = UseCase.__dict__["__await__"]


def _prepared(cls: type[UseCase[Any]]) -> tuple[Behaviour, ...]:
    """Check that a class can run; return the behaviours of the class.

    Raises:
        InvalidUseCaseError: `call` is missing, or a parameter has no provider.
    """
    _check_has_call(cls)
    unbound = _unbound_parameters(cls.call)
    if unbound:
        raise InvalidUseCaseError(
            f"nothing provides {', '.join(unbound)} for call",
            f"{cls.__module__}.{cls.__qualname__}.call",
            "decorate call with @bind (from vega.di), or call it directly: use_case.call(...)",
        )
    declared = [kind.__dict__["behaviours"] for kind in reversed(cls.__mro__) if "behaviours" in kind.__dict__]
    return tuple(behaviour for behaviours in declared for behaviour in behaviours)


def _find_checker(cls: type[UseCase[Any]]) -> Callable[[dict[str, Any]], Any]:
    _check_has_call(cls)
    checker = _checker(cls)
    replace_method(cls, "_checked", checker)
    return checker


def _checker(cls: type) -> Callable[[dict[str, Any]], Any]:
    """Return the function that constructs the `Input` of a class from keyword arguments."""
    model: Any = getattr(cls, "Input", None)
    if model is None:

        def nothing(values: dict[str, Any]) -> None:
            if values:
                raise TypeError(f"{cls.__name__}() takes no arguments: it has neither Input nor __init__")

        return nothing
    if model.__init__ is object.__init__ and model.__new__ is object.__new__:
        raise InvalidUseCaseError(
            f"Input of {cls.__qualname__} takes no values",
            f"{cls.__module__}.{cls.__qualname__}.Input",
            "derive it from pydantic.BaseModel, or decorate it with @dataclass",
        )
    is_plain = not getattr(model, "__pydantic_custom_init__", True)
    is_root = getattr(model, "__pydantic_root_model__", False)
    as_constructed: Callable[[dict[str, Any]], Any] = lambda values: model(**values)  # noqa: E731 - a single expression
    make = model.__pydantic_validator__.validate_python if is_plain and not is_root else as_constructed
    has_names = is_plain or is_pydantic_dataclass(model)
    names = names_of(model) if has_names and not is_root else None
    return make if names is None else only(names, make, cls, model)


def _check_has_call(cls: type[UseCase[Any]]) -> None:
    if not callable(getattr(cls, "call", None)):
        raise InvalidUseCaseError(
            f"{cls.__qualname__} has no call",
            f"{cls.__module__}.{cls.__qualname__}",
            "write async def call(self), with its dependencies as parameters under @bind",
        )


def _unbound_parameters(call: Any) -> tuple[str, ...]:
    if not inspect.isfunction(call) or hasattr(call, "__wrapped__"):
        return ()  # the decorator may supply parameters
    required = list(inspect.signature(call).parameters.values())[1:]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(p.name for p in required if p.default is p.empty and p.kind not in kinds)


def _check_call(cls: type, found: object) -> None:
    call: Any = found
    if isinstance(found, staticmethod | classmethod | property) or not callable(call):
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
