"""The files of migrations: parsed as text, so that no migration runs to find the head."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .._errors import MigrationError
from ._destructive import destructive_steps_of, tables_after

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG: Final = 24
_FEWEST_HEADS: Final = 2  # to be joined
_FILE: Final = '''"""{message}."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite
from vega.data import types
from vega.data.migrations import rename_constraints, rename_indexes

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the schema."""
{upgrade}

def downgrade() -> None:
    """Take the change back."""
{downgrade}'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A migration.

    Args:
        id: the name, such as `0003_add_price`; at most 32 characters.
        down: the names of the preceding migrations; empty for the first migration.
        message: the change, in words.
        path: the file.
    """

    id: str
    down: tuple[str, ...]
    message: str
    path: Path


@dataclass(frozen=True, slots=True)
class MigrationFolder:
    """The folder of a project's migrations, with a file for each.

    Args:
        path: the folder; may be missing.
    """

    path: Path

    def revisions(self) -> list[Revision]:
        """Return the migrations, ordered by file name.

        Raises:
            MigrationError: a file is not valid Python, or has no revision.
        """
        if not self.path.is_dir():
            return []
        return [_read(file) for file in sorted(self.path.glob("*.py")) if not file.name.startswith("__")]

    def heads(self) -> list[str]:
        """Return the names of migrations without a successor."""
        revisions = self.revisions()
        followed = {name for revision in revisions for name in revision.down}
        return [revision.id for revision in revisions if revision.id not in followed]

    def head(self) -> str | None:
        """Return the name of the last migration, or None when there is none.

        Raises:
            MigrationError: there are several.
        """
        heads = self.heads()
        if len(heads) > 1:
            raise MigrationError(
                f"there are {len(heads)} heads: {', '.join(heads)}",
                str(self.path),
                "join them: vega migrate merge; or let one follow the other by its down_revision",
            )
        return heads[0] if heads else None

    def next_id(self, message: str) -> str:
        """Return the name of the next migration."""
        numbers = [int(revision.id[:4]) for revision in self.revisions() if revision.id[:4].isdigit()]
        slug = _SLUG.sub("_", message.lower()).strip("_")[:_LONGEST_SLUG].strip("_")
        return f"{max(numbers, default=0) + 1:04d}_{slug or 'migration'}"

    def render(self, message: str, upgrade: str, downgrade: str) -> tuple[str, str]:
        """Return the file name and the text of a new migration after the head.

        Args:
            message: the change, in words.
            upgrade: the body of the function that changes the schema; empty for no change.
            downgrade: the body of the function that reverts the change.

        Raises:
            MigrationError: there are several heads.
        """
        head = self.head()
        return self._render(message, [] if head is None else [head], upgrade, downgrade)

    def render_merge(self, message: str) -> tuple[str, str]:
        """Return the file name and the text of an empty migration that follows all heads.

        Raises:
            MigrationError: there are fewer than two heads.
        """
        heads = self.heads()
        if len(heads) < _FEWEST_HEADS:
            raise MigrationError("there is nothing to join", str(self.path), "the migrations have one head already")
        return self._render(message, heads, "", "")

    def _render(self, message: str, follows: list[str], upgrade: str, downgrade: str) -> tuple[str, str]:
        revision = self.next_id(message)
        down = ", ".join(f'"{name}"' for name in follows)
        text = _FILE.format(
            message=_sentence(message),
            revision=revision,
            down=f"({down})" if len(follows) > 1 else down or "None",
            upgrade=_body(upgrade),
            downgrade=_body(downgrade),
        )
        return f"{revision}.py", _without_unused(text)

    def created_tables(self) -> set[str]:
        """Return the tables of the project: created by a migration, and not dropped by a later migration."""
        tables: set[str] = set()
        for revision in self.revisions():
            tables = tables_after(revision.path, tables)
        return tables

    def destructive_steps(self, revisions: Iterable[str], function: str = "upgrade") -> list[str]:
        """Return the destructive steps of migrations, as `file:line step`.

        Args:
            revisions: the names of the migrations to look at.
            function: `upgrade` or `downgrade`.
        """
        wanted = set(revisions)
        found: list[str] = []
        for revision in self.revisions():
            if revision.id in wanted:
                found += destructive_steps_of(revision.path, function)
        return found


def _read(file: Path) -> Revision:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise MigrationError(f"the migration cannot be read: {error}", str(file), "correct the file") from error
    values = dict(_assigned(tree))
    name = values.get("revision")
    if not isinstance(name, str) or not name:
        raise MigrationError("the file names no revision", str(file), 'write revision = "..."; or move the file away')
    down = values.get("down_revision")
    downs = (down,) if isinstance(down, str) else tuple(down or ())
    return Revision(id=name, down=downs, message=(ast.get_docstring(tree) or "").partition("\n")[0], path=file)


def _assigned(tree: ast.Module) -> Iterable[tuple[str, Any]]:
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                try:
                    yield target.id, ast.literal_eval(value)
                except ValueError:
                    continue


def _sentence(message: str) -> str:
    plain = message.replace('"', "'").replace("\\", "/").strip().rstrip(".") or "migration"
    return f"{plain[0].upper()}{plain[1:]}"


def _body(text: str) -> str:
    lines = text.strip("\n").split("\n") if text.strip() else []
    if not lines:
        return ""
    return "\n".join(f"    {line}" if line.strip() else "" for line in lines) + "\n"


def _without_unused(text: str) -> str:
    head, _, body = text.partition("revision = ")
    for line, uses in _IMPORTS.items():
        if not any(use in body for use in uses):
            head = head.replace(f"{line}\n", "")
    for words in (("postgresql.", "sqlite."), ("rename_constraints(", "rename_indexes(")):
        used = [word[:-1] for word in words if word in body]
        head = head.replace(f"import {', '.join(word[:-1] for word in words)}", f"import {', '.join(used)}")
    return f"{_GAPS.sub(_GAP, head).rstrip()}\n\nrevision = {body}".rstrip() + "\n"


_GAP: Final = "\n\n"
_GAPS: Final = re.compile(r"\n{3,}")
_IMPORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "from datetime import datetime": ("datetime.",),
    "import sqlalchemy as sa": ("sa.",),
    "from alembic import op": ("op.",),
    "from sqlalchemy.dialects import postgresql, sqlite": ("postgresql.", "sqlite."),
    "from vega.data import types": ("types.",),
    "from vega.data.migrations import rename_constraints, rename_indexes": ("rename_constraints(", "rename_indexes("),
}
