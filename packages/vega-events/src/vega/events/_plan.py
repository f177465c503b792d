"""Which handlers see an event, and in which order: worked out once per event type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias, final

from ._attempts import Call, compile_call
from ._event import Event
from ._handler import check_supply
from ._middleware import CallNext
from ._subscription import Invoke, Subscription

Step: TypeAlias = tuple[Call, Subscription]
Bands: TypeAlias = tuple[tuple[Step, ...], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """The way of one event type through one bus.

    Args:
        steps: the immediate handlers, in order.
        now: the same, grouped by equal priority.
        enter: the way through middleware and captures, and to the after-commit handlers; None when there is
            nothing but the immediate handlers, which are then awaited directly.
    """

    steps: tuple[Step, ...]
    now: Bands
    enter: CallNext | None


def compile_steps(
    event_type: type[Event], subscriptions: Sequence[Subscription], invoke: Invoke | None
) -> tuple[Bands, Bands]:
    """Return the immediate and the after-commit bands of an event type.

    Raises:
        HandlerError: a handler needs what this bus does not supply.
    """
    chosen = _chosen(event_type, subscriptions)
    for subscription in chosen:
        check_supply(subscription.handler, injects=invoke is not None)
    ranked = sorted(chosen, key=lambda each: -each.options.priority)
    now = (each for each in ranked if each.options.phase == "immediate")
    later = (each for each in ranked if each.options.phase == "after_commit")
    return _bands(now, invoke), _bands(later, invoke)


def _chosen(event_type: type[Event], subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """Return who sees the type, in order of subscription; a handler of several bases once, by the nearest."""
    depth = {cls: index for index, cls in enumerate(event_type.__mro__)}
    chosen: list[Subscription] = []
    for each in sorted(
        (each for each in subscriptions if each.event_type in depth), key=lambda each: depth[each.event_type]
    ):
        if not any(each.handler == other.handler for other in chosen):
            chosen.append(each)
    return [each for each in subscriptions if each in chosen]


def _bands(ranked: Iterable[Subscription], invoke: Invoke | None) -> Bands:
    return tuple(
        tuple((compile_call(each, invoke), each) for each in band)
        for _, band in groupby(ranked, key=lambda each: each.options.priority)
    )
