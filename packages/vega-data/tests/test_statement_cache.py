"""The cache of compiled statements: it holds the latest forms, and forgets the oldest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

Runner = Callable[..., Any]


@dataclass
class Trip:
    name: str
    id: int | None = None


def test_statements_of_many_forms_are_forgotten_one_by_one(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vega.data._sql.statement_cache._MOST", 3)

    async def body(trips: Any) -> None:
        await trips.add_many([Trip(name) for name in "abcdefgh"])
        for _ in range(2):
            for length in range(1, 9):
                listed = [["a", "b", "c", "d", "e", "f", "g", "h"][number] for number in range(length)]
                assert await trips.query().where("name", "in", listed).count() == length
                assert await trips.query().where("name", "in", listed).where("id", ">", 0).count() == length

    run(Trip, body)
