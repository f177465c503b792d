"""The root of the errors of vega-core and of the parts above it, and the kinds that every edge maps once."""

from ._errors import CoreError
from ._kinds import ErrorKind, cause_of

__all__ = ["CoreError", "ErrorKind", "cause_of"]
