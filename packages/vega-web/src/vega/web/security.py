"""Security: schemes that authenticate a request, principals, and policies.

The objects are those of `vega.web`, sorted by topic.
"""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import ForbiddenError, KeysUnavailableError, UnauthenticatedError
    from ._middleware.identity.authentication import AuthenticationMiddleware
    from ._middleware.identity.authorization import AuthorizationMiddleware
    from ._security.api_keys import ApiKeys
    from ._security.bearer import BearerTokens
    from ._security.jwks import JwkSet
    from ._security.principal import (
        Policy,
        Principal,
        anybody,
        authenticated,
        authorize,
        current_principal,
        has_role,
        has_scope,
        nobody,
        requires,
    )
    from ._security.schemes import AuthenticationScheme
    from ._security.sessions import SessionCookies

__all__ = [
    "ApiKeys",
    "AuthenticationMiddleware",
    "AuthenticationScheme",
    "AuthorizationMiddleware",
    "BearerTokens",
    "ForbiddenError",
    "JwkSet",
    "KeysUnavailableError",
    "Policy",
    "Principal",
    "SessionCookies",
    "UnauthenticatedError",
    "anybody",
    "authenticated",
    "authorize",
    "current_principal",
    "has_role",
    "has_scope",
    "nobody",
    "requires",
]

_WHERE = {
    "ApiKeys": "_security.api_keys",
    "AuthenticationMiddleware": "_middleware.identity.authentication",
    "AuthenticationScheme": "_security.schemes",
    "AuthorizationMiddleware": "_middleware.identity.authorization",
    "BearerTokens": "_security.bearer",
    "ForbiddenError": "_errors",
    "JwkSet": "_security.jwks",
    "KeysUnavailableError": "_errors",
    "Policy": "_security.principal",
    "Principal": "_security.principal",
    "SessionCookies": "_security.sessions",
    "UnauthenticatedError": "_errors",
    "anybody": "_security.principal",
    "authenticated": "_security.principal",
    "authorize": "_security.principal",
    "current_principal": "_security.principal",
    "has_role": "_security.principal",
    "has_scope": "_security.principal",
    "nobody": "_security.principal",
    "requires": "_security.principal",
}

lazy_names(__name__, _WHERE)
