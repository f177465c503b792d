"""What can go wrong in vega.web while an application is built.

WebError
├── RouteError                 VG501  a module of routes without a router, or two routers for one path
└── WebSocketDefinitionError   VG502  a WebSocket handler that cannot be used
"""

from __future__ import annotations

from vega.core import CoreError


class WebError(CoreError):
    """The root of the errors of vega-web."""

    code = "VG500"


class RouteError(WebError):
    """A discovered module of routes cannot be used."""

    code = "VG501"


class WebSocketDefinitionError(WebError):
    """A WebSocket handler has no path, or its messages have no usable type."""

    code = "VG502"
