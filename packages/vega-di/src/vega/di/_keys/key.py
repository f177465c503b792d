"""Keys: the types that services are requested by, annotations read as keys, and both as text."""

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

        A checker widens T to fit both arguments if possible. mypy settles T from the key when the implementation is
        a callable. pyright does so only for T in an invariant position, such as the result of ``__subclasses__``.
        Hence one definition for each checker.
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
    name: str | None


class Dependency(NamedTuple):
    """The parts of an annotation: key, name, and markers."""

    key: Any
    name: str | None
    marked: bool
    optional: bool


_UNION = (Union, types.UnionType)


def address(key: Any, name: str | None) -> Any:
    """Return the index of a service in the tables of a container."""
    return key if name is None else Address(key, name)


def split(where: Any) -> Address:
    """Return the key and the name at an address; the name of an unnamed service is None."""
    return where if isinstance(where, Address) else Address(where, None)


def read_dependency(hint: Any) -> Dependency:
    """Split a type into its key, and ``Annotated``, ``Named``, ``Inject`` and ``| None`` around the key."""
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
    """Return a type without ``Annotated`` and its metadata."""
    return key.__origin__ if get_origin(key) is Annotated else key


def is_builtin(key: Any) -> bool:
    """Return whether a type comes with the language; such types are injected only when marked."""
    key = bare(key)
    owner = get_origin(key) or key
    return getattr(owner, "__module__", None) in {"builtins", "typing", "collections.abc"}


def check_key(key: Any) -> None:
    """Refuse a key that is not a type.

    Raises:
        InvalidKeyError: the key is not a class, a generic, an ``Annotated`` type or a ``NewType``.
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
    """Return the class that instances of a key are checked against, or None."""
    key = bare(key)
    while isinstance(key, NewType):
        key = key.__supertype__
    cls = get_origin(key) or key
    return cls if isinstance(cls, type) else None


def tuple_in(hint: Any, attribute: str) -> tuple[Any, ...]:
    """Return the tuple in an attribute of a type; an empty one where the attribute is absent or not a tuple."""
    value: tuple[Any, ...] = getattr(hint, attribute, ())
    kind: type = value.__class__  # any object may have such an attribute
    return value if kind is tuple else ()


def label(subject: Any) -> str:
    """Return the text of a key, an address or a callable."""
    if isinstance(subject, Address):
        return f"{label(subject.key)} named {subject.name!r}"
    if isinstance(subject, type) and not get_args(subject):
        return subject.__qualname__.rpartition("<locals>.")[2]
    if get_origin(subject) is Annotated:
        first, *metadata = get_args(subject)
        return f"Annotated[{label(first)}, {', '.join(map(repr, metadata))}]"
    if get_args(subject):
        return f"{label(get_origin(subject))}[{', '.join(label(part) for part in get_args(subject))}]"
    name = getattr(subject, "__qualname__", None) or getattr(subject, "__name__", None)
    return name.rpartition("<locals>.")[2] if isinstance(name, str) else repr(subject)
