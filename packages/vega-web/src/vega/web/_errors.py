"""Errors of vega.web, raised while an application is built and at its edges.

WebError
├── RouteError                 VG501  a module of routes without a router, or two routers for one path
├── WebSocketDefinitionError   VG502  a WebSocket handler that cannot be used
├── MiddlewareError            VG503  a middleware that cannot be built or violates the protocol of middleware
├── MiddlewareOrderError       VG504  an impossible order of middleware: a cycle, an unknown or a repeated name
├── UnauthenticatedError       VG505  missing or invalid credentials
├── ForbiddenError             VG506  access denied by a policy
├── KeysUnavailableError       VG507  the public keys of an issuer cannot be fetched
├── BackplaneError             VG508  rooms cannot reach other processes
├── MessageKindError           VG509  text received over a WebSocket where bytes are expected, or the reverse
└── NotFiniteError             VG510  NaN or Infinity in JSON to send
"""

from typing import Self

from vega.errors import CoreError, ErrorKind


class WebError(CoreError):
    """The root of the errors of vega-web."""

    code = "VG500"


class RouteError(WebError):
    """A discovered module of routes cannot be used."""

    code = "VG501"


class WebSocketDefinitionError(WebError):
    """A WebSocket handler has no path, or its messages have no usable type."""

    code = "VG502"


class MiddlewareError(WebError):
    """A middleware cannot be built as declared, or violates the protocol of middleware."""

    code = "VG503"


class MiddlewareOrderError(WebError):
    """The options `before=` and `after=` contradict each other or name an unknown middleware."""

    code = "VG504"


class UnauthenticatedError(WebError):
    """Credentials are missing or invalid."""

    code = "VG505"
    kind = ErrorKind.UNAUTHENTICATED


class ForbiddenError(WebError):
    """A policy denies access."""

    code = "VG506"
    kind = ErrorKind.FORBIDDEN


class KeysUnavailableError(WebError):
    """The public keys of a token issuer cannot be fetched."""

    code = "VG507"
    kind = ErrorKind.UNAVAILABLE


class BackplaneError(WebError):
    """The messages of rooms cannot be delivered to other processes."""

    code = "VG508"
    kind = ErrorKind.UNAVAILABLE


class MessageKindError(WebError):
    """A WebSocket received text where bytes are expected, or the reverse."""

    code = "VG509"
    kind = ErrorKind.INVALID


class NotFiniteError(WebError):
    """NaN or Infinity in JSON to send; JSON has neither (RFC 8259, section 6)."""

    code = "VG510"

    @classmethod
    def at(cls, place: tuple[str | int, ...]) -> Self:
        """Return the error for a number at a place: the keys and indexes from the root to the number."""
        name = ".".join(map(str, place)) or "the value itself"
        return cls("JSON has no NaN and no Infinity", name, "send null or a text instead, or leave the field out")
