"""A Strawberry schema from the marked resolvers of modules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import strawberry
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.tools import create_type

from graphql import GraphQLError as CoreGraphQLError
from vega.core.disclosure import disclose
from vega.core.introspection import description_of

from ._errors import SchemaError
from ._marks import Operation, marked


def build_schema(
    modules: Iterable[str], *, extensions: Sequence[Callable[[], SchemaExtension]] = ()
) -> strawberry.Schema:
    """Return the schema of the `@query` and `@mutation` functions defined in modules.

    Errors are disclosed by the rules of `vega.core.disclosure`, with `extensions.kind`, and for invalid input
    `extensions.errors`; other errors are masked as "Unexpected error.".

    Args:
        modules: dotted names of imported modules, in the order of the fields.
        extensions: Strawberry extensions, constructed for every operation; outside the masking of errors.

    Raises:
        SchemaError: there are no queries, two resolvers share a name, or a type is not a GraphQL type.
    """
    names = list(modules)
    query = _root("Query", "query", names)
    if query is None:
        raise SchemaError(
            "no module defines a @query, and a GraphQL schema needs one",
            ", ".join(names) or "presentation.graphql",
            "create one with: vega generate graphql-query NAME",
        )
    try:
        return strawberry.Schema(
            query=query,
            mutation=_root("Mutation", "mutation", names),
            extensions=[*extensions, lambda: MaskErrors(should_mask_error=_should_mask)],
        )
    except Exception as error:
        raise SchemaError(f"the resolvers do not form a schema: {error}", ", ".join(names), "fix the type") from error


def _root(name: str, operation: Operation, modules: list[str]) -> type | None:
    resolvers: dict[str, Any] = {}
    for module in modules:
        for resolver in marked(vars(sys.modules[module]).values(), operation):
            if resolver.__module__ != module:
                continue
            if resolver.__name__ in resolvers:
                raise SchemaError(
                    f"two resolvers are named {resolver.__name__}",
                    f"{resolvers[resolver.__name__].__module__} and {module}",
                    "rename one of them",
                )
            resolvers[resolver.__name__] = resolver
    if not resolvers:
        return None
    fields = [strawberry.field(resolver=r, description=description_of(r) or None) for r in resolvers.values()]
    return create_type(name, fields)


def _should_mask(error: CoreGraphQLError) -> bool:
    """Return whether the text of an error is internal; otherwise add the kind to its extensions."""
    original = error.original_error
    if original is None:
        return False  # an error of the document: syntax, validation
    seen = disclose(original)
    if seen.detail is None:
        return True
    error.message = seen.detail
    fields = {"errors": list(seen.fields)} if seen.fields else {}
    error.extensions = {**(error.extensions or {}), "kind": str(seen.kind), **fields}
    return False
