"""Defaults of nested models are the last source: a value for one part leaves the other parts as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from pydantic import AliasChoices, BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from vega.settings import BaseSettings


class Pool(BaseModel):
    size: int = 5
    timeout: float = 1.0


class Database(BaseModel):
    url: str = "sqlite://"
    password: SecretStr = SecretStr("")
    pool: Pool = Pool(size=6, timeout=6.0)
    dialect: str = Field(default="any", alias="DIALECT")


@dataclass(frozen=True)
class Mail:
    host: str = "localhost"
    port: int = 25


class Disk(BaseModel):
    kind: Literal["disk"] = "disk"
    path: str = "/tmp"
    region: str = "none"


class Bucket(BaseModel):
    kind: Literal["bucket"] = "bucket"
    bucket: str
    region: str = "none"


class Open(BaseModel, extra="allow"):
    level: int = 1


SHOP = Database(url="postgresql://shop", password=SecretStr("sesame"), pool=Pool(size=9, timeout=9.0), DIALECT="pg")


class Settings(BaseSettings):
    database: Database = SHOP
    made: Database = Field(default_factory=SHOP.model_copy)
    maybe: Database | None = SHOP
    plain: Database = Database()
    mail: Mail = Mail(host="mail.shop", port=587)
    aliased: Pool = Field(default=Pool(size=7, timeout=7.0), validation_alias="SHOP_POOL")
    chosen: Pool = Field(default=Pool(size=7, timeout=7.0), validation_alias=AliasChoices("NEW_POOL", "OLD_POOL"))
    by_region: dict[str, Pool] = Field(default={"eu": Pool(size=8, timeout=8.0), "us": Pool()})
    flags: dict[str, bool] = Field(default={"beta": True})
    limits: dict[str, int] = Field(default={"beta": 1})
    storage: Disk | Bucket = Disk(path="/var")
    open: Open = Open.model_validate({"level": 2, "colour": "red"})
    follows: Pool = Field(default_factory=lambda data: Pool(size=len(data["flags"])))


NESTED = [
    ("DATABASE__URL", "x", {"database": SHOP.model_copy(update={"url": "x"})}),
    ("DATABASE__POOL__SIZE", "1", {"database": SHOP.model_copy(update={"pool": Pool(size=1, timeout=9.0)})}),
    ("DATABASE", '{"url": "x"}', {"database": SHOP.model_copy(update={"url": "x"})}),
    ("DATABASE__DIALECT", "x", {"database": SHOP.model_copy(update={"dialect": "x"})}),
    ("MADE__URL", "x", {"made": SHOP.model_copy(update={"url": "x"})}),
    ("MAYBE__POOL__SIZE", "1", {"maybe": SHOP.model_copy(update={"pool": Pool(size=1, timeout=9.0)})}),
    ("PLAIN__POOL__SIZE", "1", {"plain": Database(pool=Pool(size=1, timeout=6.0))}),
    ("MAIL__PORT", "1", {"mail": Mail(host="mail.shop", port=1)}),
    ("SHOP_POOL__SIZE", "1", {"aliased": Pool(size=1, timeout=7.0)}),
    ("OLD_POOL__SIZE", "1", {"chosen": Pool(size=1, timeout=7.0)}),
    ("BY_REGION__EU__SIZE", "1", {"by_region": {"eu": Pool(size=1, timeout=8.0), "us": Pool()}}),
    ("BY_REGION__ASIA__SIZE", "1", {"by_region": {**Settings().by_region, "asia": Pool(size=1)}}),
    ("LIMITS__GAMMA", "2", {"limits": {"beta": 1, "gamma": 2}}),
    ("LIMITS", "{}", {"limits": {}}),
    ("STORAGE__REGION", "eu", {"storage": Disk(path="/var", region="eu")}),
    ("STORAGE__BUCKET", "b", {"storage": Bucket(bucket="b")}),
    ("OPEN__LEVEL", "3", {"open": Open.model_validate({"level": 3, "colour": "red"})}),
    ("FOLLOWS__TIMEOUT", "3", {"follows": Pool(timeout=3.0)}),
]


@pytest.mark.parametrize(("variable", "text", "expected"), NESTED)
def test_one_variable_leaves_the_rest_of_a_default_as_it_is(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, expected: dict[str, object]
) -> None:
    unset = Settings.load().model_dump()
    monkeypatch.setenv(variable, text)

    loaded, constructed = Settings.load(), Settings()

    assert loaded == constructed
    (name,) = expected
    assert getattr(loaded, name) == expected[name]
    assert loaded.model_dump(exclude={name}) == {key: value for key, value in unset.items() if key != name}


def test_defaults_stand_below_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text('[database]\nurl = "toml"\n[database.pool]\ntimeout = 2\n')
    (tmp_path / ".env").write_text("DATABASE__POOL__SIZE=3\n")
    monkeypatch.setenv("DATABASE__DIALECT", "x")

    database = Settings.load(tmp_path).database

    assert (database.url, database.pool, database.dialect) == ("toml", Pool(size=3, timeout=2.0), "x")
    assert database.password.get_secret_value() == "sesame"


def test_secret_files_leave_the_rest_of_a_default_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "database__password").write_text("other")

    database = Settings.load(secrets_dir=tmp_path).database

    assert (database.password.get_secret_value(), database.url) == ("other", SHOP.url)


def test_a_prefix_and_another_delimiter_lead_to_a_default_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Prefixed(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_", env_nested_delimiter=".")
        pool: Pool = Pool(size=7, timeout=7.0)

    monkeypatch.setenv("SHOP_POOL.SIZE", "1")

    assert Prefixed.load().pool == Pool(size=1, timeout=7.0)


def test_arguments_are_completed_like_every_source_but_a_dict_is_taken_whole() -> None:
    settings = Settings.load(database={"url": "x"}, flags={"only": True}, aliased=Pool(size=1))

    assert settings.database.pool == SHOP.pool
    assert settings.flags == {"only": True}
    assert settings.aliased == Pool(size=7, timeout=7.0)  # the field is filled by its alias alone


def test_a_model_given_as_argument_is_taken_as_it_is() -> None:
    assert Settings.load(database=Database(url="x")).database == Database(url="x")


def test_a_changed_nested_value_does_not_reach_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE__URL", "x")

    Settings.load().database.pool.size = 99

    assert Settings.load().database.pool.size == 9
