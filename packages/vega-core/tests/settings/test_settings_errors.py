"""The one error of settings: each variable with the type it needs, and a line that would do."""

from __future__ import annotations

from typing import Literal, Optional, Self

import pytest
from pydantic import BaseModel, Field, model_validator
from pydantic_settings import SettingsConfigDict

from vega.settings import BaseSettings, SettingsError


class Pool(BaseModel):
    size: int
    mode: Literal["eager", "lazy"] = "lazy"


class Settings(BaseSettings):
    workers: int | None = None
    ratio: Optional[float] = None  # noqa: UP045 - the form under test
    debug: bool = False
    ports: list[int] = Field(default=[1])
    pool: Pool = Pool(size=1)
    region: str = Field(default="eu", validation_alias="AWS_REGION", min_length=2)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("WORKERS", "many", ("WORKERS (int | None)", "WORKERS=8000")),
        ("RATIO", "half", ("RATIO (", "RATIO=1.5")),
        ("DEBUG", "perhaps", ("DEBUG (bool)", "DEBUG=true")),
        ("PORTS", '["x"]', ("PORTS__0 (list[int])", "PORTS__0=...")),
        ("POOL__SIZE", "big", ("POOL__SIZE (int)", "POOL__SIZE=8000")),
        ("POOL__MODE", "fast", ("POOL__MODE (eager|lazy)", "POOL__MODE=eager")),
        ("AWS_REGION", "x", ("AWS_REGION (str)", "AWS_REGION=...")),
        ("VEGA_PROFILE", "staging", ("VEGA_PROFILE (development|test|production)", "VEGA_PROFILE=development")),
    ],
)
def test_each_variable_is_named_with_its_own_type_and_an_example(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert all(part in str(caught.value) for part in told), str(caught.value)


def test_a_check_of_the_whole_has_no_variable_of_its_own() -> None:
    class Checked(BaseSettings):
        @model_validator(mode="after")
        def sound(self) -> Self:
            raise ValueError("never sound")

    with pytest.raises(SettingsError) as caught:
        Checked.load()

    assert "1 settings are missing or wrong: Value error, never sound" in str(caught.value)
    assert "such as" not in caught.value.fix


def test_a_value_that_belongs_to_no_setting_is_named() -> None:
    class Closed(BaseSettings):
        model_config = SettingsConfigDict(extra="forbid")

    with pytest.raises(SettingsError, match=r"REGOIN \(value\)"):
        Closed.load(regoin="eu")


@pytest.mark.parametrize(("profile", "production"), [("production", True), ("test", False)])
def test_the_profile_tells_whether_this_is_production(
    monkeypatch: pytest.MonkeyPatch, profile: str, production: bool
) -> None:
    monkeypatch.setenv("VEGA_PROFILE", profile)

    assert BaseSettings.load().is_production is production
