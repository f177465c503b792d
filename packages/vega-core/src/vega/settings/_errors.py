"""What can go wrong in vega.settings."""

from vega.errors import CoreError


class SettingsError(CoreError):
    """Settings are missing or wrong; the text lists every one and shows no value."""

    code = "VG110"
