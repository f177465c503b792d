"""The rows of the benchmark of vega.data, and questions about few of them: the standard library only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

ROWS = 10_000
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)


def values(number: int) -> dict[str, Any]:
    return {
        "email": f"user{number}@{'gmail.com' if number % 3 else 'example.org'}",
        "name": f"User {number:05d}",
        "active": number % 5 != 0,
        "age": None if number % 11 == 0 else 18 + number % 60,
        "score": number / 7.0,
        "created_at": NOW + timedelta(seconds=number),
    }


PEOPLE: list[tuple[int, str | None, int | None, bool]] = [
    (1, "abc", 1, True),
    (2, "ABC", None, False),
    (3, None, 3, True),
    (4, "a_c", 40, False),
    (5, "zed", 5, True),
    (6, "É%", -1, True),
    (7, "éa", 7, False),
    (8, "", 2, True),
]
# A name, the condition (field, operator, constant) or None, the order, the limit.
QUESTIONS: list[tuple[str, tuple[str, str, Any] | None, str, int]] = [
    ("active", ("active", "=", True), "id", 100),
    ("age > 2", ("age", ">", 2), "id", 100),
    ("age = None", ("age", "=", None), "id", 100),
    ("age in (1, 3)", ("age", "in", [1, 3]), "id", 100),
    ("name = ''", ("name", "=", ""), "id", 100),
    ("name contains a", ("name", "contains", "a"), "id", 100),
    ("name contains _", ("name", "contains", "_"), "id", 100),
    ("name contains %", ("name", "contains", "%"), "id", 100),
    ("name contains É, any case", ("name", "icontains", "É"), "id", 100),
    ("name starts with a", ("name", "startswith", "a"), "id", 100),
    ("name > Z", ("name", ">", "Z"), "id", 100),
    ("by age", None, "age", 100),
    ("by age, downwards", None, "-age", 100),
    ("by name", None, "name", 100),
    ("the first three by age", None, "age", 3),
    ("the first three by name, downwards", None, "-name", 3),
    ("by a field that is not there", None, "nope", 100),
    ("by __class__", None, "__class__", 100),
]
