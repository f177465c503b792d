"""The subscriptions of one bus; replaced as a whole at every change, so that readers need no lock."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from types import BuiltinMethodType, MethodType
from typing import final

from .._errors import SubscriptionError
from .._names import name_of, place_of
from .subscription import Handler, Subscription


def same_handler(one: Handler, other: Handler) -> bool:
    """Return whether two callables are the same handler: the same object, or the same method of the same object."""
    if one is other:
        return True
    return isinstance(one, MethodType | BuiltinMethodType) and type(one) is type(other) and one == other


@final
class Subscriptions:
    """The subscriptions of a bus, in order."""

    __slots__ = ("_lock", "all")

    def __init__(self) -> None:
        self.all: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    def add(self, subscriptions: Iterable[Subscription]) -> int:
        """Add the new subscriptions, all or none; return the number.

        Raises:
            SubscriptionError: a handler is subscribed with different options.
        """
        with self._lock:
            fresh: list[Subscription] = []
            by_type: defaultdict[type | None, list[Subscription]] = defaultdict(list)
            living = tuple(each for each in self.all if each.event_type is not None)
            for each in living:
                by_type[each.event_type].append(each)
            for each in subscriptions:
                known = _known(by_type[each.event_type], each)
                if known is None:
                    fresh.append(each)
                    by_type[each.event_type].append(each)
                elif known.options != each.options:
                    raise SubscriptionError(
                        f"the handler is subscribed to {name_of(each.event_type)} already, with other options",
                        place_of(each.handler),
                        "unsubscribe it first, or give both conditions in one `when`",
                    )
            self.all = (*living, *fresh)
            return len(fresh)

    def remove(self, leaves: Callable[[Subscription], bool]) -> int:
        """Remove the subscriptions for which `leaves(subscription)` is true; return the number."""
        with self._lock:
            kept = tuple(each for each in self.all if not leaves(each))
            gone = len(self.all) - len(kept)
            self.all = kept
            return gone


def _known(subscriptions: Iterable[Subscription], wanted: Subscription) -> Subscription | None:
    """Return the subscription of the same handler, or None."""
    for each in subscriptions:
        if same_handler(each.handler, wanted.handler):
            return each
    return None
