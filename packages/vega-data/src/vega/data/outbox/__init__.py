"""The transactional outbox: durable listeners, and the rows that wait for them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._outbox import Outbox as Outbox
    from ._rows import OutboxEntry as OutboxEntry

_WHERE = {"Outbox": "_outbox", "OutboxEntry": "_rows"}

__all__ = ["Outbox", "OutboxEntry"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
