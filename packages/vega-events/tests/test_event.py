"""An event is a frozen value that knows its id and instant."""

import copy
import dataclasses
import pickle
import threading
import weakref
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.events import Event, EventDefinitionError

T = TypeVar("T")
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@dataclass(frozen=True)
class Plain(Event):
    name: str


@dataclass(frozen=True)
class WithPostInit(Event):
    name: str

    def __post_init__(self) -> None:
        super().__init__()


@dataclass(frozen=True, slots=True)
class Slotted(Event):
    name: str


@dataclass(frozen=True, slots=True)
class SlottedWithPostInit(Event):
    name: str

    def __post_init__(self) -> None:
        super().__init__()


@dataclass(frozen=True, kw_only=True)
class KeywordOnly(Event):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited(SlottedWithPostInit):
    more: int = 3


@dataclass(frozen=True)
class Parametrised(Event, Generic[T]):
    name: T


class Bare(Event):
    """Not even a dataclass."""


KINDS = [Plain, WithPostInit, Slotted, SlottedWithPostInit, KeywordOnly, Inherited, Parametrised]
COPIES = [copy.copy, copy.deepcopy, lambda event: pickle.loads(pickle.dumps(event))]


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_of_dataclass_is_an_event(kind: Any) -> None:
    before = datetime.now(UTC)
    event = kind(name="a")

    assert before <= event.timestamp <= datetime.now(UTC)
    assert event.timestamp.utcoffset() == timedelta(0)
    assert UUID(event.event_id).version == 7
    assert event.event_name == kind.__name__
    assert event.metadata == {}


@pytest.mark.parametrize("again", COPIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("read_first", [True, False])
def test_a_copy_is_the_same_occurrence(kind: Any, again: Any, read_first: bool) -> None:
    event = kind(name="a")
    event.add_metadata("tenant", "t")
    if read_first:
        assert event.event_id

    twin = again(event)

    assert twin == event
    assert (twin.event_id, twin.timestamp, twin.metadata) == (event.event_id, event.timestamp, {"tenant": "t"})
    assert hash(twin) == hash(event)


@pytest.mark.parametrize("again", COPIES)
def test_the_metadata_of_a_copy_is_its_own(again: Any) -> None:
    event = Slotted("a")
    twin = again(event)

    twin.add_metadata("tenant", "t")

    assert event.metadata == {}


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_cannot_be_changed(kind: Any) -> None:
    event = kind(name="a")

    for name in ("name", "event_id", "timestamp", "metadata"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(event, name, "b")


@pytest.mark.parametrize("kind", KINDS)
def test_a_replaced_field_makes_another_occurrence(kind: Any) -> None:
    event = kind(name="a")

    other = dataclasses.replace(event, name="b")

    assert (other.name, other == event, other.event_id == event.event_id) == ("b", False, False)


def test_two_occurrences_are_never_equal_and_metadata_is_no_part_of_it() -> None:
    first, second = Plain("a"), Plain("a")
    twin = copy.copy(first)
    twin.add_metadata("tenant", "t")

    assert first != second
    assert first == twin


def test_the_repr_shows_fields_and_id_but_no_metadata() -> None:
    event = Plain("a")
    event.add_metadata("secret", "s")

    assert repr(event) == f"Plain(event_id='{event.event_id}', name='a')"


def test_the_forms_of_dataclasses_see_the_fields() -> None:
    event = Plain("a")

    assert dataclasses.asdict(event)["name"] == "a"
    assert Plain.__match_args__ == ("name",)
    assert weakref.ref(event)() is event


def test_a_class_with_an_init_of_its_own_gets_its_instant_when_it_is_first_read() -> None:
    class Own(Event):
        def __init__(self, name: str) -> None:
            object.__setattr__(self, "name", name)

    event = Own("a")

    assert event.timestamp == event.timestamp
    assert Bare().timestamp <= datetime.now(UTC)


def test_an_unknown_attribute_is_an_attribute_error_with_its_name() -> None:
    with pytest.raises(AttributeError, match="'Plain' object has no attribute 'nmae'") as caught:
        _ = Plain("a").nmae  # type: ignore[attr-defined]  # that is the point

    assert caught.value.name == "nmae"


def test_a_slotted_event_has_no_dict() -> None:
    assert not hasattr(Slotted("a"), "__dict__")


def test_super_works_in_every_method_of_a_slotted_class() -> None:
    @dataclass(frozen=True, slots=True)
    class Base(Event):
        def word(self) -> str:
            return "base"

    @dataclass(frozen=True, slots=True)
    class Derived(Base):
        def word(self) -> str:
            return "derived " + super().word()

        @property
        def twice(self) -> str:
            return super().word() * 2

    assert (Derived().word(), Derived().twice) == ("derived base", "basebase")


def test_threads_that_read_first_at_once_read_the_same_id() -> None:
    for _ in range(50):
        event = Plain("a")
        barrier, seen = threading.Barrier(4), []

        def read(event: Event = event, barrier: threading.Barrier = barrier, seen: list[str] = seen) -> None:
            barrier.wait()
            seen.append(event.event_id)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(seen)) == 1


@given(INSTANTS)
def test_the_id_is_a_uuid7_of_the_timestamp(instant: datetime) -> None:
    event = Plain("a")
    object.__setattr__(event, "timestamp", instant)
    made = UUID(event.event_id)

    millis = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    micros = instant.microsecond % 1000
    assert (made.version, made.variant, made.int >> 80) == (7, "specified in RFC 4122", millis)
    assert made.int >> 64 & 0xFFF == (micros << 12) // 1000


@pytest.mark.parametrize("name", ["event_id", "timestamp", "metadata", "event_name", "event_version", "former_names"])
def test_a_field_of_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(EventDefinitionError, match=name):
        type("Wrong", (Event,), {"__annotations__": {name: str}, "__module__": __name__})


def test_the_name_and_version_can_be_set_in_the_class() -> None:
    @dataclass(frozen=True, slots=True)
    class Renamed(Event):
        event_name = "shop.renamed"
        event_version: ClassVar[int] = 2
        key: str = field(default="k")

    assert (Renamed.event_name, Renamed().event_name, Renamed.event_version) == ("shop.renamed", "shop.renamed", 2)
    assert Renamed.__match_args__ == ("key",)


def test_a_second_level_that_repeats_the_post_init_is_refused_where_it_is_defined() -> None:
    with pytest.raises(EventDefinitionError, match="remove __post_init__"):

        @dataclass(frozen=True)
        class Second(WithPostInit):
            def __post_init__(self) -> None:
                super().__init__()  # type: ignore[call-arg]  # that is the mistake


def test_a_post_init_that_checks_the_fields_is_fine_at_every_level() -> None:
    @dataclass(frozen=True)
    class Checked(WithPostInit):
        def __post_init__(self) -> None:
            super().__post_init__()
            if not self.name:
                raise ValueError("name is empty")

    assert Checked("a").name == "a"
    with pytest.raises(ValueError, match="empty"):
        Checked("")
