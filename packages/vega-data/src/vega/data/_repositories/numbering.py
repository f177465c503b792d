"""Identifiers that a database makes: larger than every one that was made or given before, also if its row is gone.

PostgreSQL draws them from the sequence of the column, and an identifier that is given moves the sequence. SQLite
numbers from the largest identifier that the table ever had, which AUTOINCREMENT keeps in `sqlite_sequence`; in a file
whose table has no AUTOINCREMENT, from the largest one that is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, literal_column, select, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import NullType

from vega.patterns.query import Kind
from vega.patterns.query.values import LARGEST_INT

from .._connection.session import Session
from .._errors import UnreadableValueError
from .._sql.tables import EntityTable

_SEQUENCE: Final = "CAST(pg_get_serial_sequence({table}, {column}) AS regclass)"
# The lock is that of other statements that move the sequence: without it the smaller of two could come last. No error
# may come between lock and unlock, since the lock would outlive the transaction: so the bound of the sequence is asked.
_MOVED: Final = """(SELECT CASE
    WHEN {value} > coalesce(pg_sequence_last_value(s.id), (SELECT seqstart - 1 FROM pg_sequence WHERE seqrelid = s.id))
        AND {value} <= (SELECT seqmax FROM pg_sequence WHERE seqrelid = s.id)
        AND has_sequence_privilege(s.id, 'UPDATE')
    THEN CASE WHEN pg_advisory_lock(CAST(CAST(s.id AS oid) AS bigint)) IS NOT NULL
        THEN CASE WHEN setval(s.id, greatest({value}, pg_sequence_last_value(s.id))) IS NOT NULL
            THEN pg_advisory_unlock(CAST(CAST(s.id AS oid) AS bigint)) END END
    END FROM (SELECT {sequence} AS id OFFSET 0) AS s)"""
_GIVEN: Final = "given"
_preparer: Final = PGDialect().identifier_preparer  # type: ignore[no-untyped-call] # its constructor is not annotated


class Numbering:
    """The identifiers of one table.

    Args:
        tables: the tables of the entity.
        dialect: `sqlite` or `postgresql`.
    """

    def __init__(self, tables: EntityTable, dialect: str) -> None:
        self._tables, self._is_sqlite = tables, dialect == "sqlite"
        self._is_numbered = tables.policies.identity_field.kind is Kind.INT
        self._remembers = False  # whether SQLite has been seen to keep the largest identifiers
        identity = tables.identity
        table = _literal(_preparer.format_table(tables.table))
        self._sequence = _SEQUENCE.format(table=table, column=_literal(identity.name))
        self._identity = f"{_preparer.format_table(tables.table)}.{_preparer.format_column(identity)}"

    @property
    def moved(self) -> tuple[ColumnElement[Any], ...]:
        """Expressions for RETURNING that move the sequence past the identifier of the row; none where not needed."""
        if self._is_sqlite or not self._is_numbered:
            return ()
        return (literal_column(_MOVED.format(value=self._identity, sequence=self._sequence), NullType()),)

    async def fill(self, session: Session, identities: list[Any]) -> list[int]:
        """Give a number to the places that lack one, and return these places; no statement when all numbers are made.

        Args:
            session: sends the statements.
            identities: the identifiers of many rows, None where one is to be made.

        Raises:
            DataError: there is no number left.
        """
        lacking = [place for place, identity in enumerate(identities) if identity is None]
        if not self._is_numbered:
            return lacking
        largest = max((identity for identity in identities if identity is not None), default=0)
        if not self._is_sqlite and len(lacking) < len(identities):
            await self._move(session, largest)
        if lacking:
            draw = self._following if self._is_sqlite else self._drawn
            for place, number in zip(lacking, await draw(session, len(lacking), largest), strict=True):
                identities[place] = number
        return lacking

    async def _move(self, session: Session, largest: int) -> None:
        given = f"CAST(:{_GIVEN} AS bigint)"
        statement = text(f"SELECT {_MOVED.format(value=given, sequence=self._sequence)}")
        wanted = statement.bindparams(bindparam(_GIVEN, type_=BigInteger()))
        await session.execute(wanted, {_GIVEN: largest}, tables=self._tables)

    async def _drawn(self, session: Session, how_many: int, _largest: int) -> Sequence[int]:
        """Draw numbers first: far cheaper than reading them back."""
        sequence = literal_column(f"(SELECT {self._sequence})", NullType())  # looked up once, not for each number
        drawn = func.array_agg(func.nextval(sequence), type_=NullType())  # one row with a list, not a row for each
        numbers = select(drawn).select_from(func.generate_series(1, how_many))
        made: Sequence[int] = (await session.execute(numbers, tables=self._tables)).scalar_one()
        return made

    async def _following(self, session: Session, how_many: int, largest: int) -> Sequence[int]:
        """Number from the largest: this unit alone is writing."""
        identity = self._tables.identity
        seen = select(func.coalesce(func.max(identity), 0)).scalar_subquery()
        if await self._is_remembered(session):
            kept = "(SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = :name)"
            known = text(kept).bindparams(name=self._tables.table.name).columns(seq=BigInteger())
            statement = select(func.max(seen, known.scalar_subquery()))
        else:
            statement = select(seen)
        stored = (await session.execute(statement, tables=self._tables)).scalar_one()
        if not isinstance(stored, int):
            raise UnreadableValueError(
                f"{identity} holds {stored!r}, which is not an int", self._tables.policies.name, "check the table"
            )
        last = max(largest, stored)
        if last + how_many > LARGEST_INT:
            raise self._tables.policies.used_up()
        return range(last + 1, last + 1 + how_many)

    async def _is_remembered(self, session: Session) -> bool:
        if not self._remembers:
            there = text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")
            self._remembers = bool((await session.execute(there)).scalar_one())
        return self._remembers


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
