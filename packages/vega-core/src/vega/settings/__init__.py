"""Typed settings with profiles; what is missing is listed all at once."""

from ._errors import SettingsError
from ._settings import BaseSettings, Profile

__all__ = ["BaseSettings", "Profile", "SettingsError"]
