"""One Strawberry schema from the marked resolvers of modules."""

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
    """Return the schema of the `@query` and `@mutation` functions that modules define.

    Errors are shown as `vega.core.disclosure` says, with `extensions.kind`, and for invalid input `extensions.errors`;
    others are masked as "Unexpected error.".

    Args:
        modules: dotted names of imported modules, in the order of the fields.
        extensions: Strawberry's, each made anew for every operation; they stand around what masks errors.

    Raises:
        SchemaError: there is no query, two resolvers have one name, or a type is no GraphQL type.
    """
    names = list(modules)
    query = _root("Query", "query", names)
    if query is None:
        raise SchemaError(
            "no module defines a @query, and a GraphQL schema needs one",
            ", ".join(names) or "presentation.graphql",
            "make one with: vega generate graphql-query NAME",
        )
    try:
        return strawberry.Schema(
            query=query,
            mutation=_root("Mutation", "mutation", names),
            extensions=[*extensions, lambda: MaskErrors(should_mask_error=_should_mask)],
        )
    except Exception as error:
        raise SchemaError(f"the resolvers make no schema: {error}", ", ".join(names), "mend the type") from error


def _root(name: str, operation: Operation, modules: list[str]) -> type | None:
    resolvers: dict[str, Any] = {}
    for module in modules:
        for resolver in marked(vars(sys.modules[module]).values(), operation):
            if resolver.__module__ != module:
                continue
            if resolver.__name__ in resolvers:
                raise SchemaError(
                    f"two resolvers are called {resolver.__name__}",
                    f"{resolvers[resolver.__name__].__module__} and {module}",
                    "rename one of them",
                )
            resolvers[resolver.__name__] = resolver
    if not resolvers:
        return None
    fields = [strawberry.field(resolver=r, description=description_of(r) or None) for r in resolvers.values()]
    return create_type(name, fields)


def _should_mask(error: CoreGraphQLError) -> bool:
    """Return whether the text of an error is internal; note the kind of one that may be shown."""
    original = error.original_error
    if original is None:
        return False  # the document itself is wrong: syntax, validation
    seen = disclose(original)
    if seen.detail is None:
        return True
    error.message = seen.detail
    fields = {"errors": list(seen.fields)} if seen.fields else {}
    error.extensions = {**(error.extensions or {}), "kind": str(seen.kind), **fields}
    return False
