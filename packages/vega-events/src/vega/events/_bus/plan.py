"""The handlers of an event type, in order: compiled once per type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias, final

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
    """The handlers of an event type on a bus, after the middleware.

    Args:
        now: the immediate handlers, in order, grouped by equal priority.
        later: the after-commit handlers, grouped likewise.
        chain: the middleware and the captures; None without any.
        is_straight: whether a publish has only the immediate handlers to run.
    """

    now: Bands
    later: Bands
    chain: MiddlewareChain | None = None
    is_straight: bool = False
    steps: tuple[Step, ...] = field(init=False)
    single: Call | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(step for band in self.now for step in band))
        object.__setattr__(self, "single", self.steps[0][0] if len(self.steps) == 1 else None)

    def failing(self, error: Exception) -> tuple[Step, ...]:
        """Return the single handler as a step that fails with an error of an earlier call."""

        async def call(event: Any) -> None:
            raise error

        return ((call, self.steps[0][1]),)


def compile_steps(
    event_type: type[Event], subscriptions: Sequence[Subscription], invoke: Invoke | None
) -> tuple[Bands, Bands]:
    """Return the immediate and the after-commit bands of an event type.

    Raises:
        HandlerError: a handler needs parameters beyond the event, and the bus has no `invoke`.
    """
    chosen = _chosen(event_type, subscriptions)
    for subscription in chosen:
        check_supply(subscription.handler, injects=invoke is not None)
    ranked = sorted(chosen, key=lambda subscription: -subscription.options.priority)
    now = (subscription for subscription in ranked if subscription.options.phase == "immediate")
    later = (subscription for subscription in ranked if subscription.options.phase == "after_commit")
    return _bands(now, invoke), _bands(later, invoke)


def _chosen(event_type: type[Event], subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """Return the subscriptions of the type, in order; a handler of several bases once, by the nearest."""
    depth: dict[type | None, int] = {cls: index for index, cls in enumerate(event_type.__mro__)}
    matching = [subscription for subscription in subscriptions if subscription.event_type in depth]
    chosen: list[Subscription] = []
    for subscription in sorted(matching, key=lambda subscription: depth[subscription.event_type]):
        if not any(subscription.handler == other.handler for other in chosen):
            chosen.append(subscription)
    return [subscription for subscription in matching if subscription in chosen]


def _bands(ranked: Iterable[Subscription], invoke: Invoke | None) -> Bands:
    return tuple(
        tuple((compile_call(subscription, invoke), subscription) for subscription in band)
        for _, band in groupby(ranked, key=lambda subscription: subscription.options.priority)
    )
