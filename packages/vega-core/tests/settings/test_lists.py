"""Lists of scalars in texts: `a,b` and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, SecretStr
from pydantic_settings import NoDecode

from vega.settings import BaseSettings, SettingsError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Cors(BaseModel):
    origins: list[str] = []
    ports: tuple[int, ...] = ()


class Settings(BaseSettings):
    hosts: list[str] = Field(default=[])
    ports: list[int] = Field(default=[])
    names: set[str] = Field(default=set())
    pair: tuple[str, int] = ("a", 1)
    frozen: frozenset[float] = frozenset()
    several: Sequence[str] = ()
    maybe: list[str] | None = None
    either: list[str] | str = ""
    noted: Annotated[list[str], Field(min_length=1)] = Field(default=["x"])
    colours: list[Colour] = Field(default=[])
    modes: list[Literal["on", "off"]] = Field(default=[])
    keys: list[SecretStr] = Field(default=[])
    anything: list[Any] = Field(default=[])
    bare: list = Field(default=[])  # type: ignore[type-arg] # the form under test
    raw: Annotated[list[str], NoDecode, AfterValidator(list)] = Field(default=[])
    cors: Cors = Cors()
    tables: list[Cors] = Field(default=[])
    aliased: list[str] = Field(default=[], validation_alias="ALLOWED_HOSTS")


@pytest.mark.parametrize(
    ("variable", "text", "name", "expected"),
    [
        ("HOSTS", "a,b", "hosts", ["a", "b"]),
        ("HOSTS", '["a", "b,c"]', "hosts", ["a", "b,c"]),
        ("HOSTS", ' ["a"]', "hosts", ["a"]),
        ("HOSTS", "a", "hosts", ["a"]),
        ("HOSTS", "1,2", "hosts", ["1", "2"]),
        ("HOSTS", "true", "hosts", ["true"]),
        ("HOSTS", " a , b ,", "hosts", ["a", "b"]),
        ("HOSTS", "a,,b", "hosts", ["a", "", "b"]),
        ("HOSTS", "", "hosts", []),
        ("PORTS", "80", "ports", [80]),
        ("PORTS", "80,443", "ports", [80, 443]),
        ("NAMES", "a,b,a", "names", {"a", "b"}),
        ("PAIR", "b,2", "pair", ("b", 2)),
        ("FROZEN", "1.5,2", "frozen", frozenset({1.5, 2.0})),
        ("SEVERAL", "a,b", "several", ["a", "b"]),
        ("MAYBE", "a,b", "maybe", ["a", "b"]),
        ("MAYBE", "null", "maybe", None),
        ("EITHER", "a,b", "either", "a,b"),
        ("EITHER", '["a"]', "either", ["a"]),
        ("NOTED", "a,b", "noted", ["a", "b"]),
        ("COLOURS", "red,blue", "colours", [Colour.RED, Colour.BLUE]),
        ("MODES", "on,off", "modes", ["on", "off"]),
        ("ANYTHING", "a,b", "anything", ["a", "b"]),
        ("BARE", "a,b", "bare", ["a", "b"]),
        ("CORS__ORIGINS", "a,b", "cors", Cors(origins=["a", "b"])),
        ("CORS__PORTS", "1,2", "cors", Cors(ports=(1, 2))),
        ("TABLES", '[{"origins": ["a"]}]', "tables", [Cors(origins=["a"])]),
        ("ALLOWED_HOSTS", "a,b", "aliased", ["a", "b"]),
    ],
)
def test_a_list_is_read_in_either_form(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, name: str, expected: object
) -> None:
    monkeypatch.setenv(variable, text)

    assert getattr(Settings.load(), name) == expected
    assert getattr(Settings(), name) == expected


def test_a_list_in_a_file_is_read_in_either_form(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HOSTS=a,b\nPORTS=[1]\n")
    (tmp_path / "names").write_text("x,y\n")

    settings = Settings.load(tmp_path, secrets_dir=tmp_path)

    assert (settings.hosts, settings.ports, settings.names) == (["a", "b"], [1], {"x", "y"})


@pytest.mark.parametrize(
    ("variable", "text", "report"),
    [
        ("HOSTS", '["a', "HOSTS (list[str]): Input should be a valid list; write it as JSON"),
        ("HOSTS", '{"a": 1}', "HOSTS (list[str]): Input should be a valid list"),
        ("PORTS", "80,x", "PORTS__1 ("),
        ("TABLES", "a,b", "TABLES (list["),
        ("RAW", "a,b", "RAW ("),
        ("COLOURS", "red,green", "COLOURS__1 ("),
    ],
)
def test_a_list_in_neither_form_is_reported_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, report: str
) -> None:
    monkeypatch.setenv(variable, text)

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert report in caught.value.what


def test_secrets_in_lists_stay_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS", "hunter2,hunter3")

    settings = Settings.load()

    assert [key.get_secret_value() for key in settings.keys] == ["hunter2", "hunter3"]
    assert "hunter" not in repr(settings)
