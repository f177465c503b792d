"""What can go wrong in vega.settings."""

from __future__ import annotations

from vega.core import CoreError, ErrorKind


class SettingsError(CoreError):
    """Settings are missing or wrong; the text lists every one and shows no value."""

    code = "VG110"
    kind = ErrorKind.INVALID
