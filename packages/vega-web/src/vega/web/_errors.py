"""What can go wrong in vega.web: while an application is built, and at its edges.

WebError
├── RouteError                 VG501  a module of routes without a router, or two routers for one path
├── WebSocketDefinitionError   VG502  a WebSocket handler that cannot be used
├── MiddlewareError            VG503  a middleware that cannot be built, or that breaks its promise
├── MiddlewareOrderError       VG504  an order of middleware that cannot be: a cycle, an unknown or a repeated name
├── UnauthenticatedError       VG505  nobody is known, or credentials prove nothing
├── ForbiddenError             VG506  a policy does not allow it
├── KeysUnavailableError       VG507  the public keys of an issuer cannot be fetched
├── BackplaneError             VG508  the rooms of several processes cannot be joined
├── MessageKindError           VG509  a text came over a WebSocket where bytes are expected, or the other way round
└── NotFiniteError             VG510  NaN or Infinity was to be sent as JSON, which does not have them
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
    """A middleware cannot be built as it is declared, or did not do what every middleware must."""

    code = "VG503"


class MiddlewareOrderError(WebError):
    """No order of the middleware keeps every `before=` and `after=`, or one of them names nothing."""

    code = "VG504"


class UnauthenticatedError(WebError):
    """Nobody is known, or the credentials prove nothing."""

    code = "VG505"
    kind = ErrorKind.UNAUTHENTICATED


class ForbiddenError(WebError):
    """A policy does not allow it."""

    code = "VG506"
    kind = ErrorKind.FORBIDDEN


class KeysUnavailableError(WebError):
    """The public keys of an issuer of tokens cannot be fetched."""

    code = "VG507"
    kind = ErrorKind.UNAVAILABLE


class BackplaneError(WebError):
    """The messages of rooms cannot be carried to other processes."""

    code = "VG508"
    kind = ErrorKind.UNAVAILABLE


class MessageKindError(WebError):
    """A text came over a WebSocket where bytes are expected, or the other way round."""

    code = "VG509"
    kind = ErrorKind.INVALID


class NotFiniteError(WebError):
    """NaN or Infinity was to be sent as JSON, which does not have them (RFC 8259, section 6)."""

    code = "VG510"

    @classmethod
    def at(cls, place: tuple[str | int, ...]) -> Self:
        """Return the error of a number, by its place in what is sent: the keys and indexes that lead to it."""
        name = ".".join(map(str, place)) or "the value itself"
        return cls("JSON has no NaN and no Infinity", name, "send null or a text instead, or leave the field out")
