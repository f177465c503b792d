"""Settings from the environment and from `.env` files."""

from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from vega.settings import BaseSettings, SettingsError


class Pool(BaseModel):
    size: int = 5


class Settings(BaseSettings):
    database_url: str
    port: int = 8000
    password: SecretStr = SecretStr("")
    pool: Pool = Pool()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VEGA_PROFILE", "DATABASE_URL", "PORT", "PASSWORD", "POOL__SIZE"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_wins_over_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=from-file\nPORT=1\n")
    monkeypatch.setenv("PORT", "2")

    settings = Settings.load(tmp_path)

    assert (settings.database_url, settings.port) == ("from-file", 2)


def test_the_profile_has_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=a\nPORT=1\n")
    (tmp_path / ".env.test").write_text("PORT=3\n")
    monkeypatch.setenv("VEGA_PROFILE", "test")

    settings = Settings.load(tmp_path)

    assert (settings.profile, settings.database_url, settings.port) == ("test", "a", 3)
    assert not settings.is_production


def test_nested_values_use_two_underscores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL__SIZE", "9")

    assert Settings.load(database_url="x").pool.size == 9


def test_everything_missing_or_wrong_is_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "not-a-port-4711")
    monkeypatch.setenv("VEGA_PROFILE", "staging")

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    text = str(caught.value)
    assert all(name in text for name in ("DATABASE_URL", "PORT", "VEGA_PROFILE", "DATABASE_URL=...", "PORT=8000"))
    assert "4711" not in text


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")

    assert "hunter2" not in repr(Settings.load(database_url="x"))
