"""Where settings come from, in which order, and what is said about a file that is malformed."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, Field, PostgresDsn, SecretStr
from pydantic_settings import SettingsConfigDict

from vega.settings import BaseSettings, SettingsError


class Pool(BaseModel):
    size: int = 5
    timeout: float = 1.0


class Database(BaseModel):
    url: str = "sqlite://"
    password: SecretStr = SecretStr("")
    pool: Pool = Pool()


class Settings(BaseSettings):
    name: str = "default"
    region: str = Field(default="eu", validation_alias="AWS_REGION")
    zone: str = Field(default="a", validation_alias=AliasChoices("AWS_ZONE", "ZONE"))
    database: Database = Database()
    replicas: list[Pool] = Field(default=[])
    maybe: Pool | None = None
    by_region: dict[str, Pool] = Field(default={})


VARIABLES = ("VEGA_PROFILE", "VEGA_SECRETS_DIR", "NAME", "AWS_REGION", "AWS_ZONE", "DATABASE", "DATABASE__URL")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def write(root: Path, **files: str) -> None:
    names = {"env": ".env", "env_test": ".env.test", "toml": "settings.toml", "toml_test": "settings.test.toml"}
    for key, text in files.items():
        (root / names[key]).write_text(text)


def test_each_source_wins_over_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    (tmp_path / "secrets").mkdir()
    monkeypatch.setenv("VEGA_PROFILE", "test")
    monkeypatch.setenv("VEGA_SECRETS_DIR", str(tmp_path / "secrets"))

    def look(**values: Any) -> None:
        seen.append(Settings.load(tmp_path, **values).name)

    look()
    write(tmp_path, toml='name = "toml"')
    look()
    write(tmp_path, toml_test='name = "toml of the profile"')
    look()
    write(tmp_path, env="NAME=env")
    look()
    write(tmp_path, env_test="NAME=env of the profile")
    look()
    (tmp_path / "secrets" / "name").write_text("secret\n")
    look()
    monkeypatch.setenv("NAME", "environment")
    look()
    look(name="given")

    assert seen == [
        *("default", "toml", "toml of the profile", "env", "env of the profile", "secret", "environment", "given")
    ]


def test_toml_has_tables_lists_and_aliases(tmp_path: Path) -> None:
    write(
        tmp_path,
        toml="""
            region = "us"
            AWS_ZONE = "b"
            replicas = [{ size = 1 }, { size = 2 }]
            stop_timeout = 5
            [database]
            url = "postgresql://db"
            pool = { size = 9 }
            [maybe]
            timeout = 2.5
            [by_region.eu]
            size = 4
        """,
    )

    settings = Settings.load(tmp_path)

    assert (settings.region, settings.zone, settings.stop_timeout) == ("us", "b", 5.0)
    assert [pool.size for pool in settings.replicas] == [1, 2]
    assert (settings.database.url, settings.database.pool.size) == ("postgresql://db", 9)
    assert settings.maybe == Pool(timeout=2.5)
    assert settings.by_region == {"eu": Pool(size=4)}


def test_parts_of_one_table_may_come_from_several_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, toml="[database.pool]\nsize = 3\ntimeout = 4.5", env="DATABASE__POOL__SIZE=7")
    monkeypatch.setenv("DATABASE__URL", "environment")

    database = Settings.load(tmp_path).database

    assert (database.url, database.pool.size, database.pool.timeout) == ("environment", 7, 4.5)


def test_secret_files_are_named_like_variables_and_nested_ones_too(tmp_path: Path) -> None:
    (tmp_path / "database__password").write_text("hunter2\n")
    (tmp_path / "AWS_REGION").write_text("eu-1")
    (tmp_path / "keystore.jks").write_bytes(b"\xff\xfe")
    (tmp_path / "..data").mkdir()

    settings = Settings.load(secrets_dir=tmp_path)

    assert settings.database.password.get_secret_value() == "hunter2"
    assert settings.region == "eu-1"


def test_a_prefix_is_part_of_each_name(tmp_path: Path) -> None:
    class Prefixed(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_")
        name: str
        port: int

    (tmp_path / "shop_name").write_text("from a file")

    with pytest.raises(SettingsError, match="SHOP_PORT=8000"):
        Prefixed.load(secrets_dir=tmp_path)
    write(tmp_path, env="SHOP_PORT=1")
    assert Prefixed.load(tmp_path, secrets_dir=tmp_path).name == "from a file"


def test_names_that_tell_upper_from_lower_case_are_told_apart(tmp_path: Path) -> None:
    class Exact(BaseSettings):
        model_config = SettingsConfigDict(case_sensitive=True)
        name: str = "default"

    write(tmp_path, env="NAME=other")

    assert Exact.load(tmp_path).name == "default"


def test_the_profile_may_stand_in_the_env_file_and_names_the_others(tmp_path: Path) -> None:
    write(tmp_path, env="VEGA_PROFILE=test\n", env_test="NAME=for tests")

    settings = Settings.load(tmp_path)

    assert (settings.profile, settings.name) == ("test", "for tests")


def test_a_profile_in_a_file_that_it_would_have_named_is_refused(tmp_path: Path) -> None:
    write(tmp_path, toml='profile = "production"')

    with pytest.raises(SettingsError, match="sets the profile production"):
        Settings.load(tmp_path)


def test_names_in_toml_that_are_no_settings_are_told_with_what_was_meant(tmp_path: Path) -> None:
    write(tmp_path, toml="nmae = 1\nzzz = 2\n[database]\nuri = 3\n")

    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path)

    assert "nmae (did you mean name?); zzz; database.uri (did you mean url?)" in str(caught.value)
    assert "settings.toml" in caught.value.where


def test_a_model_that_takes_anything_may_have_any_name_in_toml(tmp_path: Path) -> None:
    class Open(BaseModel, extra="allow"): ...

    class Loose(BaseSettings):
        flags: Open = Open()

    write(tmp_path, toml="[flags]\nbeta = true")

    assert Loose.load(tmp_path).flags.model_extra == {"beta": True}


MALFORMED = [
    (".env", b"NAME=x\nthis is no line 4711\n", ".env:2"),
    (".env", b"NAME='open 4711\n", ".env:1"),
    (".env.development", b"= 4711", ".env.development:1"),
    (".env", b"NAME=\xff4711", ".env"),
    ("settings.toml", b"name = \n4711", "settings.toml"),
    ("settings.development.toml", b"name = '4711", "settings.development.toml"),
    ("settings.toml", b"\xff4711", "settings.toml"),
]


@pytest.mark.parametrize(("name", "content", "place"), MALFORMED)
def test_a_malformed_file_is_named_and_not_shown(tmp_path: Path, name: str, content: bytes, place: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path)

    assert caught.value.where == str(tmp_path / place)
    assert "4711" not in str(caught.value)


def test_a_malformed_nested_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", "{hunter2")

    with pytest.raises(SettingsError, match=r"DATABASE .*write it as JSON") as caught:
        Settings.load()

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_folder_instead_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(tmp_path)


def test_a_missing_folder_of_secrets_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEGA_SECRETS_DIR", str(tmp_path / "none"))

    with pytest.raises(SettingsError, match="folder of secrets does not exist"):
        Settings.load()


def test_every_missing_setting_is_listed_with_type_and_line() -> None:
    class Needy(BaseSettings):
        database: Database
        secret_key: SecretStr
        workers: int

    with pytest.raises(SettingsError) as caught:
        Needy.load()

    text = str(caught.value)
    assert all(
        part in text
        for part in (
            *("3 settings", "DATABASE (Database)", "SECRET_KEY (SecretStr)", "WORKERS (int)"),
            *("DATABASE=...", "SECRET_KEY=...", "WORKERS=8000"),
        )
    )


class Sensitive(BaseSettings):
    password: str = "hunter2"
    api_key: str = "hunter2"
    aws_secret_access_key: bytes = b"hunter2"
    database_url: str = "postgresql://user:hunter2@host/db"
    odd_url: str = "redis://:hun/ter2@hunter2@host/0"
    dsn: PostgresDsn = PostgresDsn("postgresql://user:hunter2@host/db")
    webhook: str = "https://host/path?token=hunter2&page=1"
    tokens: list[str] = Field(default=["hunter2"])
    by_name: dict[str, str] = Field(default={"password": "hunter2", "plain": "seen"})
    database: Database = Database(url="x://u:hunter2@h", password=SecretStr("hunter2"))
    token_count: int = 7
    tokenizer: str = "words"
    empty_password: str = ""


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format])
def test_secrets_are_hidden_by_type_by_name_and_in_addresses(show: Any) -> None:
    shown = show(Sensitive.load())

    assert "hunter2" not in shown
    for part in ("user:**********@host/db", "token_count=7", "tokenizer='words'", "page=1", "seen", "size=5"):
        assert part in shown
    assert "empty_password=''" in shown


def test_hiding_changes_no_value() -> None:
    settings = Sensitive.load()
    repr(settings)

    assert settings.password == "hunter2"
    assert settings.database.password.get_secret_value() == "hunter2"
