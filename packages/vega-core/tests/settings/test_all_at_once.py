"""One error for everything that is wrong with settings, the same from `load` and from the constructor."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from vega.settings import BaseSettings, SettingsError


class Database(BaseModel):
    url: str = "sqlite://"
    pools: dict[str, int] = {}


class Settings(BaseSettings):
    database: Database = Database()
    maybe: Database | None = None
    limits: dict[str, int] = Field(default={})
    port: int = 1
    key: str
    token: SecretStr = SecretStr("")

    @field_validator("token")
    @classmethod
    def long(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < 12:
            raise ValueError(f"{token.get_secret_value()} is too short")
        return token


WRONG = {
    "DATABASE": "{hunter2",
    "MAYBE": "hunter2",
    "LIMITS": "a=hunter2",
    "PORT": "hunter2",
    "TOKEN": "hunter2",
}


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, text in WRONG.items():
        monkeypatch.setenv(variable, text)


@pytest.mark.usefixtures("wrong")
def test_every_unreadable_variable_is_reported_by_its_name_and_without_its_value() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert "6 settings are missing or wrong" in caught.value.what
    assert all(f"{variable} (" in caught.value.what for variable in (*WRONG, "KEY")), caught.value.what
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.usefixtures("wrong")
def test_the_constructor_raises_the_same_error_as_load() -> None:
    with pytest.raises(SettingsError) as loaded:
        Settings.load()

    with pytest.raises(SettingsError) as constructed:
        Settings()  # type: ignore[call-arg] # what the environment supplies, no checker sees

    assert str(constructed.value) == str(loaded.value)


def test_unreadable_lines_of_files_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LIMITS={hunter2\nDATABASE__POOLS={hunter2\nPORT=\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "maybe").write_text("{hunter2")

    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path, secrets_dir=tmp_path / "secrets")

    assert all(f"{name} (" in caught.value.what for name in ("LIMITS", "DATABASE__POOLS", "PORT", "MAYBE", "KEY"))
    assert "hunter" not in str(caught.value)


def test_files_that_the_class_itself_names_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "own.env").write_text("HOSTS=a,b\nLIMITS={x\n")

    class Own(BaseSettings):
        model_config = SettingsConfigDict(env_file=tmp_path / "own.env")
        hosts: list[str] = Field(default=[])
        limits: dict[str, int] = Field(default={})

    with pytest.raises(SettingsError, match=r"1 settings .*LIMITS \("):
        Own.load()


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"env_prefix": "SHOP_"}, "SHOP_DATABASE__URL"),
        ({"env_nested_delimiter": "."}, "DATABASE.URL"),
        ({"case_sensitive": True}, "database__url"),
    ],
)
def test_variables_are_named_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch, options: SettingsConfigDict, variable: str
) -> None:
    class Short(BaseModel):
        url: str = Field(default="", max_length=1)

    class Options(BaseSettings):
        model_config = options
        database: Short = Short()

    monkeypatch.setenv(variable, "too long")

    with pytest.raises(SettingsError) as caught:
        Options.load()

    assert f": {variable} (str)" in caught.value.what


def test_an_alias_has_no_prefix_in_a_nested_place_either(monkeypatch: pytest.MonkeyPatch) -> None:
    class Aliased(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_")
        limits: dict[str, int] = Field(default={}, validation_alias="DB_LIMITS")

    monkeypatch.setenv("DB_LIMITS__ROWS", "many")

    with pytest.raises(SettingsError, match=r": DB_LIMITS__ROWS \("):
        Aliased.load()


def test_the_members_of_a_union_are_not_part_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk(BaseModel):
        path: str = ""
        size: int = 0

    class Bucket(BaseModel):
        bucket: str = ""
        size: int = 0

    class Stored(BaseSettings):
        storage: Disk | Bucket = Disk()
        other: Disk | Bucket = Disk()

    monkeypatch.setenv("STORAGE__SIZE", "big")
    monkeypatch.setenv("OTHER", "{x")

    with pytest.raises(SettingsError) as caught:
        Stored.load()

    assert "STORAGE__SIZE (" in caught.value.what
    assert "OTHER (" in caught.value.what
    assert "DISK" not in caught.value.what


def test_settings_inside_settings_are_reported_with_those_around_them() -> None:
    class Inner(BaseSettings):
        inner_key: str

    class Outer(BaseSettings):
        inner: Inner
        outer_key: str

    with pytest.raises(SettingsError) as caught:
        Outer.load(inner={})

    assert "2 settings" in caught.value.what
    assert all(f"{name} (" in caught.value.what for name in ("INNER__INNER_KEY", "OUTER_KEY"))


def test_settings_after_an_error_are_read_as_before() -> None:
    for _ in range(2):
        with pytest.raises(SettingsError, match="KEY"):
            Settings()  # type: ignore[call-arg] # what the environment supplies, no checker sees
