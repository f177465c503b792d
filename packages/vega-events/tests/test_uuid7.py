"""UUIDs of version 7: their bits, their order, their range."""

import subprocess
import sys
import time
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.events import EventError, InvalidInstantError, uuid7

END = 2**48 * 1_000_000
INSTANTS = st.integers(0, END - 1)
CHILD = """
import os
from vega.events import uuid7
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, "\\n".join(str(uuid7(0)) for _ in range(100)).encode())
    os._exit(0)
os.wait()
here, there = {str(uuid7(0)) for _ in range(100)}, set(os.read(reader, 100_000).decode().split())
print(len(here | there))
"""


@given(INSTANTS)
def test_version_variant_and_time_are_in_their_bits(nanoseconds: int) -> None:
    made = uuid7(nanoseconds)
    milliseconds, rest = divmod(nanoseconds, 1_000_000)

    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == milliseconds
    assert made.int >> 64 & 0xFFF == rest * 4096 // 1_000_000


@given(INSTANTS, INSTANTS)
def test_the_order_of_ids_is_never_against_that_of_time(one: int, other: int) -> None:
    earlier, later = sorted((one, other))

    assert uuid7(earlier).int >> 64 <= uuid7(later).int >> 64


@given(st.lists(st.integers(0, END // 1000 - 1), min_size=2, max_size=2, unique=True))
def test_ids_sort_by_time_to_the_microsecond(micros: list[int]) -> None:
    earlier, later = sorted(micros)

    assert uuid7(earlier * 1000) < uuid7(later * 1000)


@given(st.integers(0, END // 1000 - 2))
def test_ids_of_neighbouring_microseconds_sort(micros: int) -> None:
    assert str(uuid7(micros * 1000)) < str(uuid7(micros * 1000 + 1000))


def test_ids_of_one_instant_differ() -> None:
    assert len({uuid7(1_700_000_000_000_000_000) for _ in range(10_000)}) == 10_000


def test_the_instant_is_that_of_the_clock_when_none_is_given() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()

    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


@pytest.mark.parametrize(("nanoseconds", "start"), [(0, "00000000-0000-7000-"), (END - 1, "ffffffff-ffff-7fff-")])
def test_the_ends_of_the_range_are_in_it(nanoseconds: int, start: str) -> None:
    assert str(uuid7(nanoseconds)).startswith(start)


@pytest.mark.parametrize("nanoseconds", [-1, END, 1.5, "0"])
def test_an_instant_out_of_range_is_refused(nanoseconds: int) -> None:
    with pytest.raises(InvalidInstantError, match="0 <= nanoseconds") as caught:
        uuid7(nanoseconds)

    assert isinstance(caught.value, EventError)
    assert repr(nanoseconds) in caught.value.what


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_fork_repeats_no_id() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "200"
