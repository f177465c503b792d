"""The error of vega.settings."""

from vega.errors import CoreError


class SettingsError(CoreError):
    """Settings are missing or invalid; the message lists all of them and shows no values."""

    code = "VG110"
