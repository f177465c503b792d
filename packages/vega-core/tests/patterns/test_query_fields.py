"""The declared fields of an entity, whatever sort of class declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, NewType, Optional, TypeVar, Union

import pytest
from pydantic import BaseModel

from vega.patterns.query import EntityFields, Kind, Naive, Private, UnknownFieldError

T = TypeVar("T")
UserId = NewType("UserId", int)


class Mapped(Generic[T]):
    """Stands for the wrapper of that name."""


class Colour(Enum):
    RED = 1


class Size(BaseModel):
    width: int
    height: int = 0


@dataclass
class Wide:
    number: UserId
    maybe: Optional[int]  # noqa: UP045 - the form under test
    either: Union[int, str]  # noqa: UP007 - the form under test
    either_or_none: int | str | None
    wrapped: Mapped[str]
    fixed: Final[int]
    when: datetime
    local: Annotated[datetime, Naive()]
    hidden: Annotated[str, Private()]
    _own: str
    word: Literal["a", "b"]
    colour: Colour
    size: Size
    sizes: list[Size]
    pair: tuple[Size, ...]
    texts: list[str]
    mixed: tuple[int, str]
    bare: list  # type: ignore[type-arg] # the form under test
    table: dict[str, int]
    anything: Any
    whatever: object
    callback: Callable[[], int]
    parent: Wide | None
    made: int = field(default=1)
    filled: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("name", "kind", "nullable"),
    [
        ("number", Kind.INT, False),
        ("maybe", Kind.INT, True),
        ("either", Kind.ANY, False),
        ("either_or_none", Kind.ANY, True),
        ("wrapped", Kind.TEXT, False),
        ("fixed", Kind.INT, False),
        ("when", Kind.DATETIME, False),
        ("local", Kind.NAIVE_DATETIME, False),
        ("word", Kind.TEXT, False),
        ("colour", Kind.ENUM, False),
        ("size", Kind.OBJECT, False),
        ("sizes", Kind.LIST, False),
        ("pair", Kind.LIST, False),
        ("texts", Kind.JSON, False),
        ("mixed", Kind.JSON, False),
        ("bare", Kind.JSON, False),
        ("table", Kind.JSON, False),
        ("anything", Kind.ANY, True),
        ("whatever", Kind.ANY, False),
        ("callback", Kind.ANY, False),
        ("parent", Kind.OBJECT, True),
    ],
)
def test_a_field_is_what_its_annotation_says(name: str, kind: Kind, nullable: bool) -> None:
    info = EntityFields.of(Wide)[name]

    assert (info.kind, info.nullable) == (kind, nullable)


def test_private_fields_and_defaults_are_known() -> None:
    fields = EntityFields.of(Wide)

    assert [name for name, info in fields.items() if info.private] == ["hidden", "_own"]
    assert [name for name, info in fields.items() if info.default] == ["made", "filled"]


def test_an_entity_that_holds_itself_is_reached_through_itself() -> None:
    path = EntityFields.of(Wide).resolve("parent.parent.size.width")

    assert [info.name for info in path] == ["parent", "parent", "size", "width"]


def test_fields_are_a_mapping_read_once() -> None:
    fields = EntityFields.of(Size)

    assert isinstance(fields, Mapping)
    assert (list(fields), len(fields), EntityFields.of(Size) is fields) == (["width", "height"], 2, True)
    assert {fields: 1}[EntityFields.of(Size)] == 1


class Plain:
    kind: ClassVar[str] = "plain"
    _cache: int
    name: str
    size: int = 3


def test_a_plain_class_has_its_annotations() -> None:
    fields = EntityFields.of(Plain)

    assert {name: info.default for name, info in fields.items()} == {"name": False, "size": True}


def test_a_model_has_its_fields() -> None:
    assert {name: info.default for name, info in EntityFields.of(Size).items()} == {"width": False, "height": True}


def _attribute(name: str, **column: Any) -> SimpleNamespace:
    return SimpleNamespace(key=name, columns=[SimpleNamespace(**column)])


class Row:
    id: Mapped[int]
    at: Mapped[datetime]
    since: Mapped[datetime]
    label: Mapped[str]
    __mapper__ = SimpleNamespace(
        column_attrs=[
            _attribute("id", nullable=False),
            _attribute("untyped", nullable=True),
            _attribute("at", nullable=False, type=SimpleNamespace(timezone=False)),
            _attribute("since", nullable=False, type=SimpleNamespace(timezone=True)),
            _attribute("label"),  # an expression
        ]
    )


def test_a_mapped_class_has_its_columns() -> None:
    assert {name: info.kind for name, info in EntityFields.of(Row).items()} == {
        "id": Kind.INT,
        "untyped": Kind.ANY,
        "at": Kind.NAIVE_DATETIME,
        "since": Kind.DATETIME,
    }


class Nothing(Enum):
    """Stands for what attrs keeps as the default of an attribute that has none."""

    NOTHING = 1

    def __repr__(self) -> str:
        return "NOTHING"


class Attributed:
    id: int
    note: str | None
    __attrs_attrs__ = (
        SimpleNamespace(name="id", default=Nothing.NOTHING),
        SimpleNamespace(name="note", default=None),
    )


class Holder:
    inner: Attributed


def test_an_attrs_class_has_its_attributes_and_their_defaults() -> None:
    fields = EntityFields.of(Attributed)

    assert {name: (info.kind, info.default) for name, info in fields.items()} == {
        "id": (Kind.INT, False),
        "note": (Kind.TEXT, True),
    }
    assert EntityFields.of(Holder)["inner"].kind is Kind.OBJECT


class Base:
    id: int


class Torn(Base):
    name: str
    lost: Elsewhere  # type: ignore[name-defined] # noqa: F821 - the mistake under test


def test_an_annotation_that_names_something_unknown_leaves_the_others_typed() -> None:
    kinds = {name: info.kind for name, info in EntityFields.of(Torn).items()}

    assert kinds == {"id": Kind.INT, "name": Kind.TEXT, "lost": Kind.ANY}


@pytest.mark.parametrize("name", ["hidden", "_own", "", 5, None])
def test_a_name_from_outside_reaches_no_private_field(name: object) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        EntityFields.of(Wide).find(name)

    assert "did you mean 'hidden'" not in str(caught.value)


def test_a_long_name_is_shown_short() -> None:
    with pytest.raises(UnknownFieldError) as caught:
        EntityFields.of(Wide).find("x" * 400)

    assert len(str(caught.value)) < 200
