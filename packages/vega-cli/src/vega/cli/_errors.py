"""Errors of the command line.

CliError
├── UsageError        VG601  an unknown command, kind, feature or option   (exit status 2)
├── ConflictError     VG602  a file exists with different content          (exit status 3)
├── InstallError      VG603  an installer failed, hung, or is missing
├── WriteError        VG604  files cannot be written; nothing was changed
└── RunError          VG605  a process of the project cannot start, or ended
"""

from typing import ClassVar

from vega.errors import CoreError, ErrorKind


class CliError(CoreError):
    """The root of the errors of vega-cli.

    Attributes:
        exit_status: the exit status of the command.
    """

    code = "VG600"
    exit_status: ClassVar[int] = 1


class UsageError(CliError):
    """The arguments of a command are wrong."""

    code = "VG601"
    kind = ErrorKind.INVALID
    exit_status = 2


class ConflictError(CliError):
    """A file to write exists with different content."""

    code = "VG602"
    kind = ErrorKind.CONFLICT
    exit_status = 3


class InstallError(CliError):
    """An installer failed, hung, or is missing."""

    code = "VG603"
    kind = ErrorKind.UNAVAILABLE


class WriteError(CliError):
    """Files cannot be written; the previous contents were restored."""

    code = "VG604"


class RunError(CliError):
    """A process of the project cannot start, or ended early."""

    code = "VG605"
    kind = ErrorKind.UNAVAILABLE
