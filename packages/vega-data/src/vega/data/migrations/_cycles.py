"""Operations on tables with cyclic references: the reference that closes a cycle is a separate operation."""

from __future__ import annotations

from collections.abc import Sequence

from alembic.operations.ops import CreateForeignKeyOp, CreateTableOp, DropTableOp, MigrateOperation, ModifyTableOps
from sqlalchemy import ForeignKeyConstraint

from .._sql.constraints import creation_order


def apart(operations: Sequence[MigrateOperation]) -> list[MigrateOperation]:
    """Return operations in executable order: tables created after, and dropped before, the tables they reference."""
    creations = [operation for operation in operations if isinstance(operation, CreateTableOp)]
    drops = [operation for operation in operations if isinstance(operation, DropTableOp)]
    others = [operation for operation in operations if not isinstance(operation, CreateTableOp | DropTableOp)]
    tables, closing = _created(creations)
    back, opening = _created([operation.reverse() for operation in drops])
    dropped = [operation.reverse() for operation in reversed([*back, *opening])]
    return [*tables, *others, *closing, *dropped]


def _created(operations: Sequence[CreateTableOp]) -> tuple[list[CreateTableOp], list[ModifyTableOps]]:
    by_name = {_full_name(operation): operation for operation in operations}
    references = {
        name: [item for item in operation.columns if isinstance(item, ForeignKeyConstraint)]
        for name, operation in by_name.items()
    }
    order, closing = creation_order(references)
    for operation in operations:
        operation.columns = [
            item for item in operation.columns if all(item is not constraint for constraint in closing)
        ]
    return [by_name[name] for name in order], [_reference(constraint) for constraint in closing]


def _full_name(operation: CreateTableOp) -> str:
    return f"{operation.schema}.{operation.table_name}" if operation.schema else operation.table_name


def _reference(constraint: ForeignKeyConstraint) -> ModifyTableOps:
    constraint.use_alter = False  # the flag only orders SQLAlchemy's CREATE statements
    operation = CreateForeignKeyOp.from_constraint(constraint)
    return ModifyTableOps(constraint.table.name, [operation], schema=constraint.table.schema)
