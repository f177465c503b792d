"""The error for an entity that is not stored."""

from __future__ import annotations

from vega.patterns import EntityNotFoundError

from ._mapping.policies import Rules


def missing(rules: Rules, identity: object) -> EntityNotFoundError:
    """Return the error for an identifier that nothing visible has."""
    return EntityNotFoundError(
        f"there is no {rules.name} with this identifier", f"{rules.mapping.identity} {identity!r}", "add it first"
    )
