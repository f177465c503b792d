"""Keys: what a service is asked for by, and how an annotation is read as one."""

from __future__ import annotations

import types
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NewType, Protocol, TypeVar, Union, get_args, get_origin

from .._errors import InvalidKeyError
from .markers import Inject, InjectMarker, Named

T = TypeVar("T")

MYPY = False  # mypy takes this name for True

if not TYPE_CHECKING:

    class Key(Protocol[T]):
        """A class, an abstract class or a Protocol; the key alone decides T, so that a wrong implementation is refused.

        A checker widens T to fit both arguments where it may. mypy settles T from the key, when the
        implementation is a callable; pyright only when T stands in an invariant position, and of all that a
        class object has, ``__subclasses__`` puts it into one. Hence one definition for each.
        """

elif MYPY:

    class Key(Protocol[T]):  # type: ignore[misc]  # pyright: ignore[reportRedeclaration]  # T is invariant on purpose
        def __call__(self, *args: Any, **kwargs: Any) -> T: ...

else:

    class Key(Protocol[T]):
        def __subclasses__(self) -> list[type[T]]: ...


class Address(NamedTuple):
    """A key and a name; an unnamed service is addressed by its key alone."""

    key: Any
    name: str


class Dependency(NamedTuple):
    """An annotation, taken apart."""

    key: Any
    name: str | None
    marked: bool
    optional: bool


_UNION = (Union, types.UnionType)


def address(key: Any, name: str | None) -> Any:
    """Give what the tables of a container are indexed by."""
    return key if name is None else Address(key, name)


def read_dependency(hint: Any) -> Dependency:
    """Take ``Annotated``, ``Named``, ``Inject`` and ``| None`` off a type."""
    name: str | None = None
    marked = optional = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            rest: list[Any] = []
            for extra in hint.__metadata__:
                if isinstance(extra, Named):
                    name, marked = extra.name, True
                elif isinstance(extra, InjectMarker) or extra is Inject:
                    marked = True
                else:
                    rest.append(extra)
            if rest:
                hint = Annotated[(hint.__origin__, *rest)]
                break
            hint = hint.__origin__
        elif origin in _UNION:
            others = [part for part in get_args(hint) if part is not type(None)]
            if len(others) != 1 or len(others) == len(get_args(hint)):
                break
            hint, optional = others[0], True
        else:
            break
    return Dependency(hint, name, marked, optional)


def bare(key: Any) -> Any:
    """Take what is not ours off an ``Annotated`` type."""
    return key.__origin__ if get_origin(key) is Annotated else key


def is_builtin(key: Any) -> bool:
    """Say whether a type is one of the language's own, which are injected only when marked."""
    key = bare(key)
    owner = get_origin(key) or key
    return getattr(owner, "__module__", None) in {"builtins", "typing", "collections.abc"}


def check_key(key: Any) -> None:
    """Refuse what is not a type.

    Raises:
        InvalidKeyError: it is not a class, a generic, an ``Annotated`` type or a ``NewType``.
    """
    if type(key) is type:
        return
    if isinstance(key, (type, NewType)) or get_origin(key) not in {None, *_UNION}:
        with suppress(TypeError):  # metadata that cannot be hashed
            hash(key)
            return
    raise InvalidKeyError(
        f"{key!r} is not a key",
        "a key is a class, abstract class, Protocol, generic such as Repository[User], Annotated type or NewType",
        f"register the type of {key!r}, or give the type a name with NewType",
    )


def class_of(key: Any) -> type | None:
    """Give the class behind a key, or None: what its instances can be checked against."""
    key = bare(key)
    while isinstance(key, NewType):
        key = key.__supertype__
    found = get_origin(key) or key
    return found if isinstance(found, type) else None


def tuple_in(hint: Any, attribute: str) -> tuple[Any, ...]:
    """Give the tuple in an attribute of a type; empty where there is none, or something else."""
    found: tuple[Any, ...] = getattr(hint, attribute, ())
    kind: type = found.__class__  # anything may have such an attribute
    return found if kind is tuple else ()
