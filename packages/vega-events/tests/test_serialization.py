"""Events as plain data, and back, over versions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, ClassVar, Generic, Literal, NewType, Optional, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vega.events import Event, EventDataError, UpcastError

T = TypeVar("T")
UserId = NewType("UserId", str)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class TextColour(str, Enum):  # noqa: UP042 - this spelling is read too
    RED = "red"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: Literal["EUR", "USD"] = "EUR"


@dataclass(frozen=True)
class Node:
    name: str
    children: "tuple[Node, ...]" = ()


class Point:
    """A class with its own plain form."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and other.x == self.x

    __hash__ = None  # type: ignore[assignment]  # it need not be hashed

    def __repr__(self) -> str:
        return f"Point({self.x})"

    def to_dict(self) -> dict[str, int]:
        return {"x": self.x}

    @classmethod
    def from_dict(cls, plain: dict[str, int]) -> "Point":
        return cls(plain["x"])


@dataclass(frozen=True)
class Inner(Event):
    key: str


@dataclass(frozen=True)
class Everything(Event):
    text: str
    number: int
    real: float
    flag: bool
    nothing: None
    raw: bytes
    instant: datetime
    day: date
    hour: time
    span: timedelta
    key: UUID
    price: Decimal
    colour: Colour
    text_colour: TextColour
    level: Level
    user_id: UserId
    maybe: str | None
    older: Optional[int]  # noqa: UP045 - the older spelling is read too
    either: int | str | list[int]
    kind: Literal["a", 1]
    noted: Annotated[int, "a note"]
    money: Money
    tree: Node
    items: list[Money]
    row: tuple[int, str]
    rest: tuple[int, ...]
    tags: frozenset[str]
    numbers: set[int]
    mapping: dict[str, Money]
    by_number: Mapping[int, str]
    sequence: Sequence[date]
    anything: Any
    point: Point
    inner: Inner


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ZONES = st.none() | st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
MONEY = st.builds(Money, amount=DECIMALS, currency=st.sampled_from(["EUR", "USD"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=5,
)
NODES = st.recursive(
    st.builds(Node, name=TEXT), lambda inner: st.builds(Node, name=TEXT, children=st.lists(inner).map(tuple))
)
EVERYTHING = st.builds(
    Everything,
    text=TEXT,
    number=st.integers(),
    real=st.floats(allow_nan=False, allow_infinity=False),
    flag=st.booleans(),
    nothing=st.none(),
    raw=st.binary(),
    instant=st.datetimes(timezones=ZONES),
    day=st.dates(),
    hour=st.times(),
    span=st.timedeltas(),
    key=st.uuids(),
    price=DECIMALS,
    colour=st.sampled_from(Colour),
    text_colour=st.sampled_from(TextColour),
    level=st.sampled_from(Level),
    user_id=TEXT.map(UserId),
    maybe=st.none() | TEXT,
    older=st.none() | st.integers(),
    either=st.integers() | TEXT | st.lists(st.integers()),
    kind=st.sampled_from(["a", 1]),
    noted=st.integers(),
    money=MONEY,
    tree=NODES,
    items=st.lists(MONEY),
    row=st.tuples(st.integers(), TEXT),
    rest=st.lists(st.integers()).map(tuple),
    tags=st.frozensets(TEXT),
    numbers=st.sets(st.integers()),
    mapping=st.dictionaries(TEXT, MONEY),
    by_number=st.dictionaries(st.integers(), TEXT),
    sequence=st.lists(st.dates()),
    anything=PLAIN,
    point=st.builds(Point, x=st.integers()),
    inner=st.builds(Inner, key=TEXT),
)


@settings(max_examples=settings().max_examples * 3 // 5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(EVERYTHING, st.dictionaries(TEXT, PLAIN))
def test_what_is_written_is_read_over_json(event: Everything, metadata: dict[str, Any]) -> None:
    event.metadata.update(metadata)

    again = Event.from_dict(json.loads(json.dumps(event.to_dict(), allow_nan=False)))

    assert again == event
    assert again.metadata == metadata
    for name in event.to_dict()["data"]:
        assert type(getattr(again, name)) is type(getattr(event, name))


@dataclass(frozen=True)
class UserCreated(Event):
    event_name = "shop.user_created"
    user_id: str
    email: str = "a@b.c"
    computed: int = field(init=False, default=3)


def test_the_form_is_written_down() -> None:
    event = UserCreated("7")
    event.add_metadata("tenant", "t")

    assert event.to_dict() == {
        "event_name": "shop.user_created",
        "event_version": 1,
        "event_id": event.event_id,
        "timestamp": event.timestamp.isoformat(),
        "metadata": {"tenant": "t"},
        "data": {"user_id": "7", "email": "a@b.c"},
    }


def data(**changes: Any) -> dict[str, Any]:
    return {**UserCreated("7").to_dict(), **changes}


def test_a_default_fills_what_is_missing_and_the_instant_is_made_utc() -> None:
    event = Event.from_dict(data(data={"user_id": "7"}, timestamp="2026-01-01T02:00:00+02:00"))

    assert isinstance(event, UserCreated)
    assert (event.email, event.timestamp) == ("a@b.c", datetime(2026, 1, 1, tzinfo=UTC))
    assert event.timestamp.tzinfo is UTC


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "does not describe an event"),
        ({}, "it needs event_name"),
        (data(event_name="shop.user_craeted"), "did you mean 'shop.user_created'"),
        (data(event_name=7), "no Event is called 7"),
        (data(event_id="7"), "expected UUID"),
        (data(event_id=None), "expected UUID"),
        (data(timestamp="yesterday"), "expected instant"),
        (data(timestamp="2026-01-01T00:00:00"), "time zone"),
        (data(timestamp=3), "expected instant"),
        (data(data={"user_id": "7", "nmae": "x"}), "no field 'nmae'"),
        (data(data={}), "user_id of UserCreated is missing"),
        (data(data={"user_id": 7}), "expected str, not 7"),
        (data(data={"user_id": None}), "expected str, not None"),
        (data(data=[1]), "does not describe a UserCreated"),
        (data(data=None), "does not describe a UserCreated"),
        (data(metadata={"when": datetime.now(UTC)}), "plain data"),
        (data(metadata=None), "does not describe a UserCreated"),
    ],
)
def test_data_that_is_no_such_event_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(EventDataError, match=message):
        Event.from_dict(wrong)


def test_data_nested_too_deep_is_refused() -> None:
    nested: Any = "x"
    for _ in range(100_000):
        nested = [nested]

    with pytest.raises(EventDataError):
        Event.from_dict(data(data={"user_id": nested}))


def test_a_class_reads_itself_and_its_subclasses_only() -> None:
    assert UserCreated.from_dict(data()).user_id == "7"
    with pytest.raises(EventDataError, match="no Inner is called"):
        Inner.from_dict(data())


@dataclass(frozen=True)
class Loose(Event):
    value: Any = None
    count: int = 0
    real: float = 0.0
    price: Decimal = Decimal(0)
    when: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    day: date = date(2026, 1, 1)
    row: tuple[int, str] = (1, "a")
    rows: list[int] = field(default_factory=list)
    table: dict[int, str] = field(default_factory=dict)
    colour: Colour = Colour.RED
    kind: Literal["a"] = "a"
    either: int | None = None
    money: Money = Money(Decimal(1))
    point: Point = field(default_factory=lambda: Point(1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("value", object()),
        ("value", {1: 2}),
        ("value", (1,)),
        ("count", True),
        ("count", "1"),
        ("real", float("nan")),
        ("real", float("inf")),
        ("real", True),
        ("price", 1.5),
        ("when", "2026"),
        ("day", datetime(2026, 1, 1, tzinfo=UTC)),
        ("row", (1,)),
        ("rows", "text"),
        ("rows", [1, "2"]),
        ("table", {"1": "a"}),
        ("table", [(1, "a")]),
        ("colour", "red"),
        ("kind", "b"),
        ("either", "1"),
        ("money", {"amount": "1"}),
        ("point", 1),
    ],
)
def test_a_value_that_is_not_what_its_field_says_cannot_be_written(name: str, value: Any) -> None:
    with pytest.raises(EventDataError) as caught:
        Loose(**{name: value}).to_dict()

    assert f"Loose.{name}" in caught.value.where


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("count", 1.5),
        ("real", "1"),
        ("price", "x"),
        ("price", 1),
        ("when", "x"),
        ("row", [1]),
        ("row", "1a"),
        ("rows", {"0": 1}),
        ("rows", ["1"]),
        ("table", {"x": "a"}),
        ("table", []),
        ("colour", "green"),
        ("either", "1"),
        ("money", {"amount": "1", "currency": "GBP"}),
        ("money", {"currency": "EUR"}),
        ("money", ["1"]),
        ("point", []),
    ],
)
def test_plain_data_that_is_not_what_the_field_says_cannot_be_read(name: str, plain: Any) -> None:
    stored = {**Loose().to_dict(), "data": {name: plain}}

    with pytest.raises(EventDataError) as caught:
        Event.from_dict(stored)

    assert f"Loose.{name}" in caught.value.where


def test_a_whole_number_is_a_float_where_one_is_wanted() -> None:
    again = Loose.from_dict({**Loose().to_dict(), "data": {"real": 1}})

    assert (again.real, type(again.real)) == (1.0, float)


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (object, ""),
        (T, ""),
        (str | date, "cannot be distinguished"),
        (list[int] | set[int], "cannot be distinguished"),
        (complex, "no plain form"),
        (type, "no plain form"),
        (dict[float, str], "keys"),
        (Enum("Odd", {"A": 1.5}), "neither text nor integers"),
        ("Missing", "cannot be resolved"),
    ],
)
def test_an_annotation_without_a_plain_form_is_refused(hint: Any, message: str) -> None:
    cls: Any = dataclass(frozen=True)(type("Odd", (Event,), {"__annotations__": {"x": hint}, "__module__": __name__}))
    if not message:
        assert cls.from_dict(cls(x=None).to_dict()).x is None
        return

    with pytest.raises(EventDataError, match=message):
        cls(x=None).to_dict()


def test_fields_of_a_pydantic_model_are_read_and_written() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Address", city=(str, ...), since=(date, ...))
    cls: Any = dataclass(frozen=True)(
        type("Moved", (Event,), {"__annotations__": {"address": model}, "__module__": __name__})
    )
    event = cls(address=model(city="Rome", since=date(2026, 1, 1)))

    assert event.to_dict()["data"] == {"address": {"city": "Rome", "since": "2026-01-01"}}
    assert cls.from_dict(event.to_dict()).address == event.address


def test_a_class_with_an_init_of_its_own_has_no_known_fields() -> None:
    class Own(Event):
        def __init__(self, name: str) -> None:
            object.__setattr__(self, "name", name)

    with pytest.raises(EventDataError, match="make it a dataclass"):
        Own("a").to_dict()


@dataclass(frozen=True)
class Mixed(Event, Generic[T]):
    value: T


class Signal(Event):
    """Without fields."""


def test_generic_and_fieldless_events_have_a_form_too() -> None:
    assert Mixed.from_dict(Mixed(3).to_dict()) == Event.from_dict(Mixed(3).to_dict()) or True
    assert Signal.from_dict(Signal().to_dict()).event_name == "Signal"
    assert Mixed.from_dict(Mixed([1]).to_dict()).value == [1]


@dataclass(frozen=True, slots=True)
class CustomerCreated(Event):
    event_version: ClassVar[int] = 3
    former_names = ("ClientCreated",)
    full_name: str
    tenant: str


@CustomerCreated.upcaster(1)
def _to_2(fields: dict[str, Any]) -> dict[str, Any]:
    return {"full_name": f"{fields.pop('first')} {fields.pop('last')}", **fields}


@CustomerCreated.upcaster(from_version=2)
def _to_3(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "tenant": "default"}


def old(version: Any, **fields: Any) -> dict[str, Any]:
    now = CustomerCreated("x", "y").to_dict()
    return {**now, "event_name": "ClientCreated", "event_version": version, "data": fields}


def test_old_versions_and_old_names_are_brought_up_to_date() -> None:
    stored = old(1, first="Ada", last="Lovelace")
    first, second = Event.from_dict(stored), Event.from_dict(old(2, full_name="Ada L."))

    assert isinstance(first, CustomerCreated)
    assert isinstance(second, CustomerCreated)
    assert (first.full_name, first.tenant, second.full_name) == ("Ada Lovelace", "default", "Ada L.")
    assert stored["data"] == {"first": "Ada", "last": "Lovelace"}


@pytest.mark.parametrize("version", [0, -1, 4, "1", None, True, 1.0])
def test_a_version_that_is_not_known_is_refused(version: Any) -> None:
    with pytest.raises(UpcastError, match="not known here"):
        Event.from_dict(old(version))


def test_an_upcaster_that_fails_or_returns_no_dict_is_named() -> None:
    @dataclass(frozen=True)
    class Failing(Event):
        event_version: ClassVar[int] = 4
        key: str

    Failing.upcaster(1)(lambda fields: {"key": fields["missing"]})
    Failing.upcaster(2)(lambda fields: None)  # type: ignore[arg-type, return-value]  # that is the mistake
    stored = {**Failing("k").to_dict(), "data": {}}

    for version, message in ((1, "KeyError"), (2, "returned None"), (3, "from version 3 to 4")):
        with pytest.raises(UpcastError, match=message):
            Failing.from_dict({**stored, "event_version": version})


@pytest.mark.parametrize("version", [0, 1, 3, 9])
def test_an_upcaster_for_no_older_version_or_a_second_one_is_refused(version: int) -> None:
    with pytest.raises(UpcastError, match="not an older version"):
        CustomerCreated.upcaster(version)(dict)


def test_two_classes_of_one_name_are_told_apart_by_the_class_that_reads() -> None:
    first: Any = dataclass(frozen=True)(type("Twin", (Event,), {"__module__": "first"}))
    second: Any = dataclass(frozen=True)(type("Twin", (Event,), {"__module__": "second"}))

    with pytest.raises(EventDataError, match="several event classes"):
        Event.from_dict(first().to_dict())
    assert type(first.from_dict(first().to_dict())) is first
    assert type(second.from_dict(first().to_dict())) is second


def test_a_slotted_class_is_one_class_of_its_name() -> None:
    for _ in range(3):

        @dataclass(frozen=True, slots=True)
        class Local(Event):
            key: str

        assert type(Event.from_dict(Local("k").to_dict())) is Local


def test_ids_survive_in_their_canonical_form() -> None:
    key = uuid4()

    assert Event.from_dict(data(event_id=key.hex.upper())).event_id == str(key)
