"""Errors of vega.data: one root, three parts (what, where, fix), a stable code.

DataError
├── DuplicateEntityError       VG401  an identifier or a unique value is stored already; `fields` has the names
├── ForeignKeyError            VG402  a reference to a missing row, or a referenced row was deleted
├── StaleEntityError           VG403  the entity was changed after loading
├── DatabaseUnavailableError   VG404  the database cannot be reached, or the connection was lost
├── QueryTimeoutError          VG405  a statement or a free connection took too long
├── MappingError               VG406  an entity cannot be mapped to a table
├── InvalidEntityError         VG407  a value of an entity cannot be stored
├── DatabaseStateError         VG408  the database is not open, or the URL is invalid
├── TransactionConflictError   VG409  a deadlock or a serialization failure; the unit may run again
├── TenantError                VG410  no tenant is set, or an entity belongs to another
├── MigrationError             VG411  a migration cannot be made or run
├── DestructiveMigrationError  VG412  a migration would drop or narrow stored data
├── OutboxError                VG413  an event cannot be written to or read from the outbox
├── ConstraintError            VG414  the database refuses a value by a check or a NOT NULL
├── IdleUnitError              VG415  a unit of work keeps an idle connection; logged, never raised
├── AbortedTransactionError    VG416  a statement of the transaction failed; all changes are rolled back
├── LockTimeoutError           VG417  another transaction held a lock for too long; the unit may run again
└── UnreadableValueError       VG418  a stored value does not fit the field
"""

# No `from __future__ import annotations`: the classes name the facade as their module, in which their annotations
# would be looked up as text.
from collections.abc import Iterable
from typing import ClassVar, Self

from vega.errors import CoreError, ErrorKind


class DataError(CoreError):
    """The root of the errors of vega.data."""

    code: ClassVar[str] = "VG400"
    retryable: bool = False


class DuplicateEntityError(DataError):
    """An identifier or a unique value is stored already.

    Attributes:
        fields: the fields that are unique together; empty when the database does not report the names.
    """

    code = "VG401"
    kind = ErrorKind.CONFLICT
    fields: tuple[str, ...] = ()

    @classmethod
    def of(cls, entity: str, fields: Iterable[str]) -> Self:
        """Return the error for fields of an entity."""
        names = tuple(fields)
        which = f"this {', '.join(names)}" if names else "these unique values"
        error = cls(f"{entity} with {which} is stored already", entity, "choose another value, or update what is there")
        error.fields = names
        return error


class ForeignKeyError(DataError):
    """A reference to a missing row, or the deletion of a referenced row."""

    code = "VG402"
    kind = ErrorKind.CONFLICT


class StaleEntityError(DataError):
    """The entity was changed after loading."""

    code = "VG403"
    kind = ErrorKind.CONFLICT

    @classmethod
    def of(cls, entity: str, identity: object) -> Self:
        """Return the error for an entity."""
        return cls(
            f"{entity} {identity!r} was changed since it was loaded", entity, "load it again and reapply the change"
        )


class DatabaseUnavailableError(DataError):
    """The database cannot be reached, or the connection was lost."""

    code = "VG404"
    kind = ErrorKind.UNAVAILABLE


class QueryTimeoutError(DataError):
    """A statement or a free connection took too long."""

    code = "VG405"
    kind = ErrorKind.TIMEOUT


class MappingError(DataError):
    """An entity cannot be mapped to a table."""

    code = "VG406"


class InvalidEntityError(DataError):
    """A value of an entity cannot be stored."""

    code = "VG407"
    kind = ErrorKind.INVALID


class DatabaseStateError(DataError):
    """The database is not open, or the URL is invalid."""

    code = "VG408"


class TransactionConflictError(DataError):
    """A deadlock or a serialization failure: nothing was stored, and the unit may run again."""

    code = "VG409"
    kind = ErrorKind.CONFLICT
    retryable = True


class TenantError(DataError):
    """No tenant is set, or an entity belongs to another tenant."""

    code = "VG410"
    kind = ErrorKind.FORBIDDEN


class MigrationError(DataError):
    """A migration cannot be made or run."""

    code = "VG411"


class DestructiveMigrationError(MigrationError):
    """A migration would drop or narrow stored data."""

    code = "VG412"


class OutboxError(DataError):
    """An event cannot be written to or read from the outbox."""

    code = "VG413"


class ConstraintError(DataError):
    """The database refuses a value by a CHECK or NOT NULL constraint."""

    code = "VG414"
    kind = ErrorKind.INVALID


class IdleUnitError(DataError):
    """A unit of work keeps an idle connection; the text is logged as a warning and never raised."""

    code = "VG415"


class AbortedTransactionError(DataError):
    """A statement of the transaction failed: further statements are refused, and all changes are rolled back.

    Attributes:
        retryable: whether the failed statement asks for another run of the unit.
    """

    code = "VG416"

    @classmethod
    def after(cls, failure: BaseException) -> Self:
        """Return the error for a transaction with a failed statement; raise the error from the failure."""
        error = cls(
            f"a statement of this transaction failed ({type(failure).__name__}), so that nothing of it is stored",
            "the unit of work",
            "let the error pass, run what may fail in a savepoint (async with unit.savepoint(): ...), "
            "or avoid it, as add_if_absent and upsert_many do",
        )
        error.retryable = getattr(failure, "retryable", False)
        return error


class LockTimeoutError(DataError):
    """Another transaction held a lock for too long: nothing was stored, and the unit may run again."""

    code = "VG417"
    kind = ErrorKind.UNAVAILABLE
    retryable = True


class UnreadableValueError(DataError):
    """A stored value does not fit the field, such as the text of a removed enum member."""

    code = "VG418"


class OutdatedSchemaError(DataError):
    """The database lacks a table or column of the entities: a migration is missing or pending."""

    code = "VG419"
