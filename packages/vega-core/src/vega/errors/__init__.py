"""The root of the errors of vega-core and higher parts, and the kinds that every edge maps."""

from ._errors import CoreError
from ._kinds import ErrorKind, cause_of

__all__ = ["CoreError", "ErrorKind", "cause_of"]
