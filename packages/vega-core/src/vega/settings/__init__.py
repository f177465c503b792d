"""Typed settings with profiles; all missing settings are reported together."""

from ._errors import SettingsError
from ._settings import BaseSettings, Profile

__all__ = ["BaseSettings", "Profile", "SettingsError"]
