"""Delays between attempts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.events import Backoff, BackoffError

CAPS = st.floats(min_value=1e-6, max_value=1e6)


@given(CAPS, st.floats(0, 1), st.floats(1, 1e6), st.floats(0, 1), st.integers(1, 10**9))
def test_delays_never_shrink_and_stay_between_the_base_and_the_cap(
    cap: float, share: float, factor: float, jitter: float, retry: int
) -> None:
    policy = Backoff(base=cap * share, factor=factor, cap=cap, jitter=jitter)

    assert policy.base <= policy.ceiling(retry) <= policy.ceiling(retry + 1) <= cap
    assert policy.ceiling(retry) * (1 - jitter) <= policy.delay(retry) <= policy.ceiling(retry)


def test_the_default_is_short() -> None:
    policy = Backoff()

    assert [round(policy.ceiling(retry), 6) for retry in (1, 2, 3, 4, 5, 6)] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]


def test_a_growth_beyond_every_number_is_the_cap_at_once() -> None:
    assert Backoff(base=1, factor=2, cap=60).ceiling(10**9) == 60


def test_jitter_spreads() -> None:
    policy = Backoff(base=1, cap=1, jitter=1)

    assert len({policy.delay(1) for _ in range(100)}) > 90


@pytest.mark.parametrize(
    "values",
    [
        {"base": -1},
        {"base": 2, "cap": 1},
        {"base": float("nan")},
        {"base": "1"},
        {"cap": float("inf")},
        {"factor": 0.5},
        {"jitter": 1.5},
        {"jitter": -0.1},
        {"factor": None},
    ],
)
def test_a_value_out_of_range_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(BackoffError, match="is invalid"):
        Backoff(**values)


def test_the_smallest_base_overflows_nothing() -> None:
    policy = Backoff(base=2.225073858507203e-309, factor=2.0, cap=1.0, jitter=0.0)

    assert [policy.ceiling(retry) for retry in (1, 2000)] == [policy.base, 1.0]
    assert policy.base <= policy.ceiling(1025) <= 1.0
