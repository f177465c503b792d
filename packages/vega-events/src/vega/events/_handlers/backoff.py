"""Delays between the attempts of a handler: arithmetic only, no clock."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import final

from .._errors import BackoffError

_LARGEST_EXPONENT = 700.0  # exp(709.8) is the largest float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential delay with a ceiling, short by default; slow work belongs in a background job.

    Args:
        base: delay before the first retry, in seconds; 0 <= base <= cap.
        factor: growth from retry to retry, no unit; 1 <= factor.
        cap: the longest delay, in seconds; finite.
        jitter: the random share of a delay, no unit; 0 (none) to 1 (all).

    Raises:
        BackoffError: a value is out of range or not a number.

    Source: Brooker, "Exponential Backoff and Jitter", AWS blog, 2015 (capped form; jitter 1 is its "full jitter").

    >>> [Backoff(jitter=0).ceiling(retry) for retry in (1, 2, 3, 9)]
    [0.05, 0.1, 0.2, 1.0]
    """

    base: float = 0.05
    factor: float = 2.0
    cap: float = 1.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        values: list[object] = [self.base, self.factor, self.cap, self.jitter]
        sound = all(isinstance(value, int | float) and math.isfinite(value) for value in values)
        if not sound or not 0 <= self.base <= self.cap or self.factor < 1 or not 0 <= self.jitter <= 1:
            raise BackoffError(
                f"base={self.base!r}, factor={self.factor!r}, cap={self.cap!r}, jitter={self.jitter!r} is invalid",
                "Backoff",
                "keep 0 <= base <= cap (seconds), factor >= 1 and 0 <= jitter <= 1",
            )

    def ceiling(self, retry: int) -> float:
        """Return the longest delay before a retry, in seconds.

        Args:
            retry: 1 for the first retry.
        """
        if self.base == 0:
            return 0.0
        try:
            return min(self.cap, self.base * float(self.factor) ** (retry - 1))
        except OverflowError:  # beyond the range of a float, so beyond the cap
            return self.cap

    def delay(self, retry: int) -> float:
        """Return the delay before a retry, in seconds: between `(1 - jitter)` of the ceiling and the ceiling."""
        ceiling = self.ceiling(retry)
        return ceiling * (1 - self.jitter * random.random())
