"""Repositories, specifications and queries with equal results in memory and in SQL.

SQLAlchemy is loaded on first use of a name that needs SQLAlchemy.
"""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._connection.database import Database as Database
    from ._connection.unit_of_work import SQLAlchemyUnitOfWork as SQLAlchemyUnitOfWork
    from ._errors import AbortedTransactionError as AbortedTransactionError
    from ._errors import ConstraintError as ConstraintError
    from ._errors import DatabaseStateError as DatabaseStateError
    from ._errors import DatabaseUnavailableError as DatabaseUnavailableError
    from ._errors import DataError as DataError
    from ._errors import DestructiveMigrationError as DestructiveMigrationError
    from ._errors import DuplicateEntityError as DuplicateEntityError
    from ._errors import ForeignKeyError as ForeignKeyError
    from ._errors import IdleUnitError as IdleUnitError
    from ._errors import InvalidEntityError as InvalidEntityError
    from ._errors import LockTimeoutError as LockTimeoutError
    from ._errors import MappingError as MappingError
    from ._errors import MigrationError as MigrationError
    from ._errors import OutboxError as OutboxError
    from ._errors import OutdatedSchemaError as OutdatedSchemaError
    from ._errors import QueryTimeoutError as QueryTimeoutError
    from ._errors import StaleEntityError as StaleEntityError
    from ._errors import TenantError as TenantError
    from ._errors import TransactionConflictError as TransactionConflictError
    from ._errors import UnreadableValueError as UnreadableValueError
    from ._mapping.context import unsafe_all_tenants as unsafe_all_tenants
    from ._mapping.context import use_actor as use_actor
    from ._mapping.context import use_tenant as use_tenant
    from ._mapping.entity_mapping import EntityMapping as EntityMapping
    from ._mapping.entity_mapping import Reference as Reference
    from ._mapping.entity_mapping import UniqueKey as UniqueKey
    from ._memory.repository import InMemoryRepository as InMemoryRepository
    from ._memory.unit_of_work import InMemoryUnitOfWork as InMemoryUnitOfWork
    from ._repositories.repository import SQLAlchemyRepository as SQLAlchemyRepository
    from ._sql.declared_tables import metadata as metadata
    from .outbox._listeners import durable as durable

_WHERE = {
    "AbortedTransactionError": "_errors",
    "ConstraintError": "_errors",
    "DataError": "_errors",
    "Database": "_connection.database",
    "DatabaseStateError": "_errors",
    "DatabaseUnavailableError": "_errors",
    "DestructiveMigrationError": "_errors",
    "DuplicateEntityError": "_errors",
    "EntityMapping": "_mapping.entity_mapping",
    "ForeignKeyError": "_errors",
    "IdleUnitError": "_errors",
    "InMemoryRepository": "_memory.repository",
    "InMemoryUnitOfWork": "_memory.unit_of_work",
    "InvalidEntityError": "_errors",
    "LockTimeoutError": "_errors",
    "MappingError": "_errors",
    "MigrationError": "_errors",
    "OutboxError": "_errors",
    "OutdatedSchemaError": "_errors",
    "QueryTimeoutError": "_errors",
    "Reference": "_mapping.entity_mapping",
    "SQLAlchemyRepository": "_repositories.repository",
    "SQLAlchemyUnitOfWork": "_connection.unit_of_work",
    "StaleEntityError": "_errors",
    "TenantError": "_errors",
    "TransactionConflictError": "_errors",
    "UniqueKey": "_mapping.entity_mapping",
    "UnreadableValueError": "_errors",
    "durable": "outbox._listeners",
    "metadata": "_sql.declared_tables",
    "unsafe_all_tenants": "_mapping.context",
    "use_actor": "_mapping.context",
    "use_tenant": "_mapping.context",
}

__all__ = [
    "AbortedTransactionError",
    "ConstraintError",
    "DataError",
    "Database",
    "DatabaseStateError",
    "DatabaseUnavailableError",
    "DestructiveMigrationError",
    "DuplicateEntityError",
    "EntityMapping",
    "ForeignKeyError",
    "IdleUnitError",
    "InMemoryRepository",
    "InMemoryUnitOfWork",
    "InvalidEntityError",
    "LockTimeoutError",
    "MappingError",
    "MigrationError",
    "OutboxError",
    "OutdatedSchemaError",
    "QueryTimeoutError",
    "Reference",
    "SQLAlchemyRepository",
    "SQLAlchemyUnitOfWork",
    "StaleEntityError",
    "TenantError",
    "TransactionConflictError",
    "UniqueKey",
    "UnreadableValueError",
    "__version__",
    "durable",
    "metadata",
    "unsafe_all_tenants",
    "use_actor",
    "use_tenant",
]

__version__ = "0.1.0"

lazy_names(__name__, _WHERE)
