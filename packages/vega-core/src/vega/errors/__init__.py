"""The ground that all errors of Vega stand on: their root, and the kinds that every edge maps once."""

from ._errors import CoreError
from ._kinds import ErrorKind

__all__ = ["CoreError", "ErrorKind"]
