"""Which handlers see an event, and in which order: worked out once per event type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeAlias, final

from .._event.event import Event
from .._handlers.handler import check_supply
from .._handlers.retries import Call, compile_call
from .._handlers.subscription import Invoke, Subscription
from .._middleware.chain import MiddlewareChain

Step: TypeAlias = tuple[Call, Subscription]
Bands: TypeAlias = tuple[tuple[Step, ...], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """The handlers of one event type on one bus, and the middleware before them.

    Args:
        now: the immediate handlers, in order, grouped by equal priority.
        later: the after-commit handlers, grouped likewise.
        chain: the middleware and the captures; None when there are none.
        straight: the calls of the immediate handlers when nothing else is to be done; else empty.
    """

    now: Bands
    later: Bands
    chain: MiddlewareChain | None = None
    straight: tuple[Call, ...] = ()
    steps: tuple[Step, ...] = field(init=False)
    calls: tuple[Call, ...] = field(init=False)

    def __post_init__(self) -> None:
        steps = tuple(step for band in self.now for step in band)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "calls", tuple(call for call, _ in steps))


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
    depth: dict[type | None, int] = {cls: index for index, cls in enumerate(event_type.__mro__)}
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
