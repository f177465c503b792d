"""Repositories, specifications and queries with one answer in memory and in SQL.

SQLAlchemy is loaded when a name that needs it is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._context import unsafe_all_tenants as unsafe_all_tenants
    from ._context import use_actor as use_actor
    from ._context import use_tenant as use_tenant
    from ._database import Database as Database
    from ._declared import metadata as metadata
    from ._durable import durable as durable
    from ._entity_mapping import EntityMapping as EntityMapping
    from ._errors import ConstraintError as ConstraintError
    from ._errors import DatabaseStateError as DatabaseStateError
    from ._errors import DatabaseUnavailableError as DatabaseUnavailableError
    from ._errors import DataError as DataError
    from ._errors import DestructiveMigrationError as DestructiveMigrationError
    from ._errors import DuplicateEntityError as DuplicateEntityError
    from ._errors import ForeignKeyError as ForeignKeyError
    from ._errors import IdleUnitError as IdleUnitError
    from ._errors import InvalidEntityError as InvalidEntityError
    from ._errors import MappingError as MappingError
    from ._errors import MigrationError as MigrationError
    from ._errors import OutboxError as OutboxError
    from ._errors import QueryTimeoutError as QueryTimeoutError
    from ._errors import StaleEntityError as StaleEntityError
    from ._errors import TenantError as TenantError
    from ._errors import TransactionConflictError as TransactionConflictError
    from ._memory import InMemoryRepository as InMemoryRepository
    from ._memory_unit import InMemoryUnitOfWork as InMemoryUnitOfWork
    from ._repository import SQLAlchemyRepository as SQLAlchemyRepository
    from ._unit import SQLAlchemyUnitOfWork as SQLAlchemyUnitOfWork

_WHERE = {
    "ConstraintError": "_errors",
    "DataError": "_errors",
    "Database": "_database",
    "DatabaseStateError": "_errors",
    "DatabaseUnavailableError": "_errors",
    "DestructiveMigrationError": "_errors",
    "DuplicateEntityError": "_errors",
    "EntityMapping": "_entity_mapping",
    "ForeignKeyError": "_errors",
    "IdleUnitError": "_errors",
    "InMemoryRepository": "_memory",
    "InMemoryUnitOfWork": "_memory_unit",
    "InvalidEntityError": "_errors",
    "MappingError": "_errors",
    "MigrationError": "_errors",
    "OutboxError": "_errors",
    "QueryTimeoutError": "_errors",
    "SQLAlchemyRepository": "_repository",
    "SQLAlchemyUnitOfWork": "_unit",
    "StaleEntityError": "_errors",
    "TenantError": "_errors",
    "TransactionConflictError": "_errors",
    "durable": "_durable",
    "metadata": "_declared",
    "unsafe_all_tenants": "_context",
    "use_actor": "_context",
    "use_tenant": "_context",
}

__all__ = [
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
    "MappingError",
    "MigrationError",
    "OutboxError",
    "QueryTimeoutError",
    "SQLAlchemyRepository",
    "SQLAlchemyUnitOfWork",
    "StaleEntityError",
    "TenantError",
    "TransactionConflictError",
    "__version__",
    "durable",
    "metadata",
    "unsafe_all_tenants",
    "use_actor",
    "use_tenant",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
