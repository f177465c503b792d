"""WebSockets: handlers, rooms, and backplanes between processes.

The objects are those of `vega.web`, sorted by topic.
"""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import BackplaneError, MessageKindError, WebSocketDefinitionError
    from ._sockets.backplane import Backplane, MemoryBackplane
    from ._sockets.coalescing import coalesce
    from ._sockets.handler import WebSocketHandler
    from ._sockets.install import add_websocket
    from ._sockets.redis_backplane import RedisBackplane
    from ._sockets.rooms import Rooms

__all__ = [
    "Backplane",
    "BackplaneError",
    "MemoryBackplane",
    "MessageKindError",
    "RedisBackplane",
    "Rooms",
    "WebSocketDefinitionError",
    "WebSocketHandler",
    "add_websocket",
    "coalesce",
]

_WHERE = {
    "Backplane": "_sockets.backplane",
    "BackplaneError": "_errors",
    "MemoryBackplane": "_sockets.backplane",
    "MessageKindError": "_errors",
    "RedisBackplane": "_sockets.redis_backplane",
    "Rooms": "_sockets.rooms",
    "WebSocketDefinitionError": "_errors",
    "WebSocketHandler": "_sockets.handler",
    "add_websocket": "_sockets.install",
    "coalesce": "_sockets.coalescing",
}

lazy_names(__name__, _WHERE)
