"""Checks of whole columns of many entities: one wrong value is found, right ones come back as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from vega.data import InvalidEntityError

Runner = Callable[..., Any]
REF = UUID(int=1)
WRONG: list[tuple[str, Any]] = [
    ("text", "a\0b"),
    ("text", "\ud800"),
    ("text", 5),
    ("number", 2**63),
    ("number", True),
    ("weight", float("nan")),
    ("weight", "1"),
    ("on", 1),
    ("hour", time(1, tzinfo=UTC)),
    ("day", datetime(2026, 1, 1, tzinfo=UTC)),
    ("digest", "x"),
    ("ref", "x"),
    ("text", None),
]


@dataclass
class Many:
    id: int
    text: str = "é"
    number: int = -(2**63)
    weight: float = 1.5
    on: bool = True
    day: date = date(2026, 1, 1)
    hour: time = time(1)
    ref: UUID = REF
    digest: bytes = b"\0"


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_one_wrong_value_among_many_right_ones_is_found_and_nothing_is_stored(
    run: Runner, name: str, wrong: Any
) -> None:
    async def body(things: Any) -> None:
        with pytest.raises(InvalidEntityError, match=name):
            await things.add_many([Many(1), Many(2), Many(3, **{name: wrong}), Many(4)])
        assert await things.count() == 0

    run(Many, body)


def test_many_right_values_come_back_as_they_were(run: Runner) -> None:
    async def body(things: Any) -> None:
        wanted = [Many(1), Many(2, text="plain", number=2**63 - 1), Many(3, weight=3, text="")]
        await things.add_many(wanted)

        assert await things.find_all() == wanted

    run(Many, body)
