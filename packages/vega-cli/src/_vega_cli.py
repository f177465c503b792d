"""The entry point of `vega`, outside the namespace, so that a distribution that hides `vega` cannot break it.

Standard library only. `--version` and `--help` are handled here, without Typer and plugins.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from importlib.machinery import PathFinder
from pathlib import Path

COMMANDS = {
    "add": "enable a feature: its distribution, its settings, its files",
    "doctor": "check the project: installation, layers, wiring, plugins",
    "generate": "write a component, or the whole slice of a resource",
    "init": "make a new project",
    "run": "start the project's server, workers and services",
}
_USAGE = "Usage: vega [--version] [--help] COMMAND [ARGUMENTS]"


def intruders() -> list[str]:
    """Return the distributions that ship `vega/__init__.py` and thereby hide the namespace; normally empty."""
    spec = PathFinder.find_spec("vega")
    if spec is None or spec.origin is None:
        return []
    return sorted(name for name, folder in distributions() if _ships_init(folder)) or [str(spec.origin)]


def distributions() -> Iterator[tuple[str, Path]]:
    """Yield the name and metadata folder of each installed distribution, without the slow importlib.metadata."""
    for place in dict.fromkeys(sys.path):
        folder = Path(place or ".")
        if folder.is_dir():
            for metadata in sorted(folder.glob("*.dist-info")):
                yield metadata.name.partition("-")[0].replace("_", "-"), metadata


def _ships_init(folder: Path) -> bool:
    record = folder / "RECORD"
    return record.is_file() and any(
        line.startswith("vega/__init__.py,") for line in record.read_text(encoding="utf-8").splitlines()
    )


def remedy(names: Sequence[str]) -> str:
    """Return the error text about the distributions that hide the namespace."""
    others = " ".join(names)
    return (
        f"error: {others} ships vega/__init__.py, which hides the packages of Vega\n"
        f"  where: {sys.prefix}\n"
        f"  fix:   pip uninstall {others}; then reinstall the vega packages, or use another virtual environment"
    )


def version() -> str:
    """Return the installed version of vega-cli, read from the name of its metadata folder."""
    for name, folder in distributions():
        if name == "vega-cli":
            return folder.name.removesuffix(".dist-info").partition("-")[2]
    return "unknown"


def entry_points(group: str) -> dict[str, str]:
    """Return the entry points of a group, name -> object reference, by a scan of the metadata folders."""
    references: dict[str, str] = {}
    for _, folder in distributions():
        file = folder / "entry_points.txt"
        if file.is_file():
            parser = ConfigParser(delimiters=("=",), interpolation=None)
            parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep the case of names
            try:
                parser.read_string(file.read_text(encoding="utf-8"))
            except (ConfigError, UnicodeDecodeError):
                continue  # broken metadata of another distribution must not stop the command
            if parser.has_section(group):
                for name, reference in parser.items(group):
                    references.setdefault(name, reference)
    return references


def help_text() -> str:
    """Return the text of `vega --help`."""
    further = {
        name: f"from {reference.partition(':')[0]}"
        for name, reference in sorted(entry_points("vega.commands").items())
        if name not in COMMANDS
    }
    rows = [f"  {name:10} {text}" for name, text in sorted({**COMMANDS, **further}.items())]
    return "\n".join([_USAGE, "", "Commands:", *rows, "", "More: vega COMMAND --help"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0 done, 1 failed, 2 wrong usage, 3 conflict."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):
        print(f"vega {version()}")  # noqa: T201 - the command's own output
        return 0
    if not words or words[0] in {"--help", "-h", "help"}:
        print(help_text())  # noqa: T201 - the command's own output
        return 0
    names = intruders()
    if names:
        print(remedy(names), file=sys.stderr)  # noqa: T201 - the command's own output
        return 1
    from vega.cli import dispatch

    return dispatch(words)


if __name__ == "__main__":
    sys.exit(main())
