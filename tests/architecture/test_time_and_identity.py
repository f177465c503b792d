"""Time of day and identifiers come from the ports `Clock` and `IdSource`: only their adapters read the system's."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[2] / "packages"
ADAPTERS = {"vega/events/_event/sources.py", "vega/patterns/_sources/ports.py"}
READS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime"},
    "uuid": {"uuid1", "uuid4", "uuid6", "uuid7"},
}
IN_GENERATED_CODE = re.compile(r"\b(?:datetime\.(?:now|utcnow)|date\.today|time\.time|uuid4)\(")


def reads(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each use of the system's time of day or identifiers, in code and in templates."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in READS.get(owner, ()):
                yield node.lineno, f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module in {"time", "uuid"}:
            for alias in node.names:
                if alias.name in READS[node.module]:
                    yield node.lineno, alias.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and IN_GENERATED_CODE.search(node.value):
            yield node.lineno, "a template"


def test_only_the_adapters_read_time_of_day_and_make_identifiers() -> None:
    found = {
        f"{path.relative_to(root)}:{line} {name}"
        for root in PACKAGES.glob("*/src")
        for path in root.rglob("*.py")
        if str(path.relative_to(root)) not in ADAPTERS
        for line, name in reads(path.read_text(encoding="utf-8"))
    }

    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "stamp = time.time_ns",
        "from time import time as clock",
        "from uuid import UUID, uuid4",
        "uuid.uuid4().hex",
        "TEMPLATE = 'id: str = field(default_factory=lambda: str(uuid4()))'",
    ],
)
def test_a_read_of_the_system_is_found(source: str) -> None:
    assert list(reads(source))


def test_the_adapters_exist() -> None:
    assert all(list(PACKAGES.glob(f"*/src/{path}")) for path in ADAPTERS)
