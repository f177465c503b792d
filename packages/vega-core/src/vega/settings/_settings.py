"""Typed settings on pydantic-settings: environment, secret files, `.env`, TOML, profiles."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings as _PydanticSettings
from pydantic_settings import PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as _UnreadableError

from ._defaults import DefaultsSource
from ._errors import SettingsError
from ._explain import explained
from ._files import env_file, profile_of, secrets, toml_file
from ._lists import with_lists
from ._masking import masked
from ._sources import TableSource, TextSource


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Profile = Literal["development", "test", "production"]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)]
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]", "testserver")
_layers: ContextVar[tuple[PydanticBaseSettingsSource, ...]] = ContextVar("vega_settings_layers")
_is_inside: ContextVar[bool] = ContextVar("vega_settings_inside", default=False)  # true while nested settings load


class BaseSettings(_PydanticSettings):
    """The settings of an application; subclass and declare fields.

    Sources, by priority: the environment, files of secrets, `.env.<profile>`, `.env`, `settings.<profile>.toml`,
    `settings.toml`, the field's default. Nested models are tables in TOML, and variables with a double underscore
    elsewhere: `DATABASE__POOL=5`. Lists of scalars are written `a,b` or as JSON.

    Keep secrets in `pydantic.SecretStr`, shown as `**********` everywhere. The `repr` of settings also hides plain
    texts whose field name suggests a secret (`password`, `token`, `api_key`), and passwords in addresses.

    Attributes:
        profile: `development`, `test` or `production`, from `VEGA_PROFILE` in the environment or in `.env`; selects
            further files.
        log_level: the lowest level of log records that are written, in any case, unless the project configures
            logging; from `VEGA_LOG_LEVEL`.
        allowed_hosts: the hosts that the HTTP server answers, for `TrustedHostMiddleware`; those of this machine and
            of test clients by default; from `VEGA_ALLOWED_HOSTS`, such as `shop.example,*.shop.example`.
        stop_timeout: the time limit for stopping the application, in seconds, above 0; from `VEGA_STOP_TIMEOUT`.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    profile: Profile = Field(default="development", validation_alias="VEGA_PROFILE")
    log_level: LogLevel = Field(default="INFO", validation_alias="VEGA_LOG_LEVEL")
    allowed_hosts: tuple[str, ...] = Field(default=_LOCAL, validation_alias="VEGA_ALLOWED_HOSTS")
    stop_timeout: float = Field(default=30.0, gt=0, allow_inf_nan=False, validation_alias="VEGA_STOP_TIMEOUT")

    def __init__(self, /, **values: Any) -> None:
        if _is_inside.get():  # the enclosing settings report all errors
            super().__init__(**values)
            return
        cls, token = type(self), _is_inside.set(True)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise explained(cls, error) from None
        except _UnreadableError as error:  # the cause contains the value
            raise SettingsError(str(error), f"{cls.__module__}.{cls.__qualname__}", "write it as JSON") from None
        finally:
            _is_inside.reset(token)

    @property
    def is_production(self) -> bool:
        """Whether the profile is `production`."""
        return self.profile == "production"

    @classmethod
    def load(cls, root: Path | None = None, *, secrets_dir: Path | None = None, **values: Any) -> Self:
        """Read the settings.

        Args:
            root: the folder of the `.env` and TOML files; None reads no files.
            secrets_dir: a folder with a file per secret, named like the variable, as mounted by Docker and Kubernetes;
                the value of `VEGA_SECRETS_DIR` when None.
            values: values with priority over every source.

        Raises:
            SettingsError: values are missing or invalid, all listed with type and an example line; or a file is
                malformed, reported with file and line.
        """
        profile = profile_of(root)
        token = _layers.set(tuple(cls._files(root, secrets_dir, profile)))
        try:
            settings = cls(**values)
        finally:
            _layers.reset(token)
        if settings.profile != profile and "profile" not in values and "VEGA_PROFILE" not in values:
            raise SettingsError(
                f"a file read for the profile {profile} sets the profile {settings.profile}",
                str(root),
                "set VEGA_PROFILE in the environment or in .env",
            )
        return settings

    @classmethod
    def _files(cls, root: Path | None, secrets_dir: Path | None, profile: str) -> Iterable[PydanticBaseSettingsSource]:
        yield TextSource(cls, secrets(cls, secrets_dir))
        if root is not None:
            for name in (f".env.{profile}", ".env"):
                yield TextSource(cls, env_file(root / name))
            for name in (f"settings.{profile}.toml", "settings.toml"):
                yield TableSource(cls, toml_file(cls, root / name))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[_PydanticSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return pydantic's sources, with the sources of `load` after the environment, and the defaults last."""
        arguments: dict[str, Any] = getattr(init_settings, "init_kwargs", {})
        texts = map(with_lists, (env_settings, *_layers.get(()), dotenv_settings, file_secret_settings))
        return init_settings, *texts, DefaultsSource(settings_cls, arguments)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, masked(name or "", value)) for name, value in super().__repr_args__()]
