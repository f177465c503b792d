"""The run of a command: imports only its module, and turns failures into a text and an exit status."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final, cast

from _vega_cli import COMMANDS, entry_points
from vega.core import InvalidFieldError, InvalidNameError, ProjectError
from vega.errors import ErrorKind, cause_of

from ._console import complain
from ._errors import CliError, UsageError

_OWN: Final = {name: f"vega.cli._{name}:app" for name in COMMANDS}
_STATUS: Final = {ErrorKind.INVALID: 2, ErrorKind.CONFLICT: 3}  # for errors of the project's own commands
_USAGE: Final = (InvalidNameError, InvalidFieldError, ProjectError)


def dispatch(words: Sequence[str]) -> int:
    """Run the command named by the first word, with the remaining words as arguments.

    Returns:
        The exit status: 0 done, 1 failed, 2 wrong usage, 3 conflict, 130 interrupted.
    """
    try:
        return _run(words[0], list(words[1:]))
    except KeyboardInterrupt:
        complain("stopped")
        return 130
    except Exception as error:
        if not _is_user_error(error):
            raise
        _report(error)
        return _status(error)


def _run(name: str, arguments: list[str]) -> int:
    reference = _OWN.get(name) or entry_points("vega.commands").get(name)
    if reference is None:
        known = sorted({*_OWN, *entry_points("vega.commands")})
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean: vega {near[0]}" if near else f"known commands: {', '.join(known)}"
        raise UsageError(f"there is no command {name!r}", "vega", hint)
    module, _, attribute = reference.partition(":")
    try:
        app: Any = getattr(import_module(module), attribute)
    except Exception as error:
        raise CliError(
            f"the command {name!r} cannot be loaded: {type(error).__name__}: {error}",
            reference,
            "fix or upgrade the distribution that provides it",
        ) from error
    app.pretty_exceptions_enable = False
    try:
        result = app(args=arguments, prog_name=f"vega {name}")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return result if isinstance(result, int) else 0


def _members(error: Exception) -> tuple[Exception, ...]:
    return cast("ExceptionGroup[Exception]", error).exceptions if isinstance(error, ExceptionGroup) else ()


def _is_user_error(error: Exception) -> bool:
    """Return whether an error needs no traceback: it has the three parts of a Vega error, or states a kind."""
    if _members(error):
        return all(_is_user_error(inner) for inner in _members(error))
    cause = cause_of(error)
    if isinstance(getattr(cause, "code", None), str) and hasattr(cause, "fix"):
        return True
    return hasattr(cause, "kind") and ErrorKind.of(cause) is not ErrorKind.INTERNAL


def _report(error: Exception) -> None:
    if _members(error):
        complain(f"error: {cast('ExceptionGroup[Exception]', error).message}")
        for inner in _members(error):
            _report(inner)
    else:
        cause = cause_of(error)
        complain(f"error: {str(cause) or type(cause).__name__}")


def _status(error: Exception) -> int:
    if isinstance(error, CliError):
        return error.exit_status
    if isinstance(error, _USAGE):
        return 2
    return 1 if hasattr(cause_of(error), "fix") else _STATUS.get(ErrorKind.of(error), 1)
