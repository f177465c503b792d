"""Values that a database makes.

Identifiers are larger than every one that was made or given before, also if its row is gone.

PostgreSQL draws them from the sequence of the column, and an identifier that is given moves the sequence. SQLite
numbers from the largest identifier that the table ever had, which AUTOINCREMENT keeps in `sqlite_sequence`; in a file
whose table has no AUTOINCREMENT, from the largest one that is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Insert,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import NullType

from vega.patterns.query import Kind
from vega.patterns.query.values import LARGEST_INT

from .._connection.session import Session
from .._errors import InvalidEntityError, MappingError, UnreadableValueError
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
            kept = "(SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = :name)"
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
            there = text("SELECT count(*) FROM main.sqlite_master WHERE name = 'sqlite_sequence'")
            self._remembers = bool((await session.execute(there)).scalar_one())
        return self._remembers


class Generated:
    """The values that come back from the statement that stores a row: they are made by the database.

    Args:
        tables: the tables of the entity.

    Attributes:
        paths: the fields that no statement writes, beside the identity.
        numbers_all: whether the database makes every identifier, and takes none.
    """

    def __init__(self, tables: EntityTable) -> None:
        self._tables, identity = tables, tables.policies.identity
        columns = tables.policies.layout.columns
        self.paths: tuple[str, ...] = tuple(one.dotted for one in columns if one.generated and one is not identity)
        self.numbers_all = identity.generated
        self._identity = tables.policies.mapping.identity
        primary = [column.name for column in tables.table.primary_key.columns]
        is_read = bool(self.paths) or primary != [tables.identity.name]  # SQLAlchemy reads a primary key alone
        self._numbered = (self._identity, *self.paths) if is_read else ()

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """The columns that no statement writes, beside the identity."""
        return [self._tables.column(path) for path in self.paths]

    def statement(self) -> Insert:
        """Return the statement that inserts one row without its identifier."""
        return _returning(insert(self._tables.table), [self._tables.column(path) for path in self._numbered])

    def statement_as_given(self, moved: Sequence[ColumnElement[Any]]) -> Insert:
        """Return the statement that inserts one row with its identifier.

        Args:
            moved: expressions that move the sequence of the identifier.
        """
        return _returning(insert(self._tables.table), [*self.columns, *moved])

    def numbered(self, result: CursorResult[Any]) -> dict[str, Any]:
        """Return what was made for a row that was inserted without its identifier, by field."""
        if self._numbered:
            return dict(zip(self._numbered, result.one(), strict=True))
        made = result.inserted_primary_key
        assert made is not None  # a single INSERT without its key always gives it back
        return {self._identity: made[0]}

    def changed(self, result: CursorResult[Any]) -> dict[str, Any] | None:
        """Return what was made for the row that a statement has written, by field; None when it has written none."""
        if not self.paths:
            return {} if result.rowcount else None
        row = result.first()
        return None if row is None else dict(zip(self.paths, row, strict=False))

    def read(self, row: Sequence[Any], *, with_identity: bool) -> dict[str, Any]:
        """Return what was made for a row, by field, from its identifier and the generated columns after it."""
        made = dict(zip((self._identity, *self.paths), row, strict=False))
        if not with_identity:
            del made[self._identity]
        return made

    def refuse_given(self, identities: Sequence[Any]) -> None:
        """Refuse identifiers where the database makes them all.

        Raises:
            InvalidEntityError: one is given.
        """
        if self.numbers_all and any(identity is not None for identity in identities):
            name = self._tables.policies.name
            raise InvalidEntityError(
                f"{name}.{self._identity} is given, but the database makes every one (GENERATED ALWAYS)",
                name,
                "leave it as None to add the entity, or update the one that is stored",
            )

    def refuse_keys(self, keys: Sequence[str]) -> None:
        """Refuse an upsert by an identifier that no statement can write.

        Raises:
            MappingError: the keys are the identity, and the database makes every identifier.
        """
        if self.numbers_all and tuple(keys) == (self._identity,):
            raise MappingError(
                f"the database makes every {self._identity}, so that none can be stored again",
                self._tables.policies.name,
                "use add and update, or name other unique fields: upsert_many(..., on=...)",
            )

    async def insert_many(self, session: Session, columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
        """Insert rows, and return for each what was made, by field.

        Args:
            session: sends the statements.
            columns: the values of each column, one for each row.
        """
        left_out = self._tables.identity.key if self.numbers_all else ""
        names = [name for name in columns if name != left_out]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True)]
        paths = (self._identity, *self.paths) if self.numbers_all else self.paths
        wanted = [self._tables.column(path) for path in paths]
        statement = insert(self._tables.table).returning(*wanted, sort_by_parameter_order=True)
        result = await session.execute(statement, rows, tables=self._tables)
        return [dict(zip(paths, row, strict=True)) for row in result]


def _returning(statement: Insert, columns: Sequence[ColumnElement[Any]]) -> Insert:
    return statement.returning(*columns) if columns else statement


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
