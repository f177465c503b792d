"""Classes mapped by SQLAlchemy: which classes can be stored, construction and inspection of objects.

A loaded object is detached, as after the end of an ORM session: columns are loaded, and an attribute that no
column of the table holds, such as a relationship, raises SQLAlchemy's DetachedInstanceError instead of looking empty.

SQLAlchemy is accessed through the class, whose module has imported SQLAlchemy.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .._errors import InvalidEntityError, MappingError
from .entity_mapping import EntityMapping


def is_mapped(entity: type) -> bool:
    """Return whether SQLAlchemy maps a class."""
    return hasattr(entity, "__mapper__")


def require_mappable(entity: type) -> None:
    """Refuse a mapped class that shares rows with other classes, or whose mapping is incomplete.

    Raises:
        MappingError: the class uses inheritance, has a dynamic relationship, or SQLAlchemy refuses the mapping.
    """
    if not is_mapped(entity):
        return
    mapper = _mapper(entity)
    if (mapper.inherits is not None and not mapper.concrete) or mapper.polymorphic_on is not None:
        raise _refused(
            entity,
            "shares its table or its identifiers with other classes (inheritance)",
            "map a class of its own to the table: a dataclass, and SQLAlchemyRepository(..., table=...)",
        )
    for relationship in mapper.relationships:
        if relationship.lazy == "dynamic":
            raise _refused(
                entity,
                f"has the dynamic relationship {relationship.key}, which looks empty without a session",
                "declare it as WriteOnlyMapped, or as an ordinary relationship",
            )


def with_counted_version(entity: type, mapping: EntityMapping) -> EntityMapping:
    """Return a mapping whose version is the `version_id_col` of the class, if declared.

    Raises:
        MappingError: the mapping names another version, or the class counts in another way.
    """
    counted = _mapper(entity).version_id_col if is_mapped(entity) else None
    if counted is None:
        return mapping
    mapper = _mapper(entity)
    name: str = mapper.get_property_by_column(counted).key
    generator = mapper.version_id_generator
    if generator is False or generator(1) != 2:
        raise _refused(
            entity, f"has a version_id_col, {name}, that does not count up by one", "leave out version_id_generator"
        )
    if mapping.version not in {"", name}:
        raise _refused(
            entity, f"has the version_id_col {name}, but {mapping.version} is named as the version", "name one of them"
        )
    return replace(mapping, version=name)


def maker(entity: type) -> Callable[..., Any]:
    """Return a factory of detached objects from stored values: as the ORM does, without the constructor."""
    new_instance = _mapper(entity).class_manager.new_instance
    detach = importlib.import_module("sqlalchemy.orm").make_transient_to_detached

    def make(**values: Any) -> Any:
        instance: object = new_instance()
        vars(instance).update(values)
        detach(instance)
        return instance

    return make


def relationships(entity: type) -> tuple[str, ...]:
    """Return the relationships of a class that the ORM would write; empty for an unmapped class."""
    if not is_mapped(entity):
        return ()
    return tuple(relationship.key for relationship in _mapper(entity).relationships if not relationship.viewonly)


def refuse_related(entity: object, names: tuple[str, ...]) -> None:
    """Refuse an object with changed relationships: a repository stores the columns of a single table.

    Raises:
        InvalidEntityError: a relationship has changes that the ORM would write.
    """
    attributes = importlib.import_module("sqlalchemy").inspect(entity).attrs
    for name in names:
        if attributes[name].history.has_changes():
            kind = type(entity).__name__
            raise InvalidEntityError(
                f"the relationship {name} has changes, which a repository does not store",
                f"{kind}.{name}",
                "leave it alone: store the other objects through their own repository, and set the foreign key",
            )


def _mapper(entity: type) -> Any:
    mapper: Any = getattr(entity, "__mapper__", None)
    try:
        mapper.column_attrs.keys()  # configures the mapping
    except importlib.import_module("sqlalchemy.exc").SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        raise _refused(entity, f"cannot be mapped by SQLAlchemy: {reason}", "see the cause") from error
    return mapper


def _refused(entity: type, what: str, fix: str) -> MappingError:
    return MappingError(f"{entity.__name__} {what}", f"{entity.__module__}.{entity.__qualname__}", fix)
