"""The transactional outbox: durable listeners, and the rows pending for listeners."""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._outbox import Outbox as Outbox
    from ._rows import OutboxEntry as OutboxEntry

_WHERE = {"Outbox": "_outbox", "OutboxEntry": "_rows"}

__all__ = ["Outbox", "OutboxEntry"]

lazy_names(__name__, _WHERE)
