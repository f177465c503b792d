"""Regular expressions for decimals within bounds, because JSON Schema has no numeric bounds for strings.

Theory of operation: a decimal from `low` to `high`, both 0 or more, has the integer part of `low` with a sufficiently
large fraction, the integer part of `high` with a sufficiently small fraction, or an integer part in between with any
fraction. Fractions are compared digit by digit, with missing digits as zeros; integers are split into ranges with a
pattern of digit classes per range. A negative decimal is a minus followed by such a decimal.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Final

DIGITS: Final = 15  # before the decimal point, unless a bound has more
PLACES: Final = 10  # after the decimal point, unless the field states a number


def decimal_pattern(least: Decimal | None, most: Decimal | None, places: int = PLACES) -> str:
    """Return the pattern of decimals as strings, anchored at both ends.

    Args:
        least: the inclusive lower bound, or None.
        most: the inclusive upper bound, or None.
        places: the maximum number of digits after the decimal point, 0 or more.

    >>> decimal_pattern(Decimal(3), Decimal(12), places=0)
    '^(([3-9]|1[0-2]))$'
    """
    if least is None and most is None:
        return rf"^[+-]?\d{{1,{DIGITS}}}{_any(places)}$"
    step = Decimal(1).scaleb(-places)
    with localcontext() as context:
        context.prec = 200
        digits = max(DIGITS, *(bound.adjusted() + 1 for bound in (least, most) if bound is not None))
        limit = Decimal(10) ** digits - step
        low = -limit if least is None else least.quantize(step, ROUND_CEILING)
        high = limit if most is None else most.quantize(step, ROUND_FLOOR)
        ways = list(_between(max(low, Decimal(0)), high, places)) if 0 <= high >= low else []
        if low < 0 and max(-high, step) <= -low:
            ways.append(f"-({'|'.join(_between(max(-high, step), -low, places))})")
    return f"^({'|'.join(ways)})$" if ways else r"^[^\s\S]$"


def _between(low: Decimal, high: Decimal, places: int) -> Iterator[str]:
    """Yield patterns of the decimals between two inclusive bounds, both 0 or more."""
    (first, above), (last, below) = _parts(low, places), _parts(high, places)
    if first == last:
        yield f"{first}{_fraction_between(above, below, places)}"
        return
    if above:
        yield rf"{first}\.({_at_least(above, places)})"
        first += 1
    if below != "9" * places:
        yield f"{last}{_fraction_at_most(below, places)}"
        last -= 1
    if first <= last:
        yield f"({'|'.join(_integers(first, last))}){_any(places)}"


def _parts(value: Decimal, places: int) -> tuple[int, str]:
    """Return the integer part, and the digits of the fraction without trailing zeros."""
    whole, _, fraction = f"{value:.{places}f}".partition(".")
    return int(whole), fraction.rstrip("0")


def _any(places: int) -> str:
    return rf"(\.\d{{1,{places}}})?" if places else ""


def _at_least(digits: str, length: int) -> str:
    """Return the pattern of up to `length` digits not less than `digits`, compared as fractions."""
    digits = digits.rstrip("0")
    ways = [
        rf"{digits[:index]}{_class(int(digit) + 1, 9)}\d{{0,{length - index - 1}}}"
        for index, digit in enumerate(digits)
        if digit != "9"
    ]
    return "|".join([*ways, rf"{digits}\d{{0,{length - len(digits)}}}"])


def _at_most(digits: str, length: int) -> str:
    """Return the pattern of 1 to `length` digits not greater than `digits`, compared as fractions."""
    digits = digits.rstrip("0")
    if not digits:
        return f"0{{1,{length}}}"
    ways = [
        rf"{digits[:index]}{_class(0, int(digit) - 1)}\d{{0,{length - index - 1}}}"
        for index, digit in enumerate(digits)
        if digit != "0"
    ]
    shorter = [digits[:index] for index in range(1, len(digits))]
    return "|".join([*ways, *shorter, f"{digits}0{{0,{length - len(digits)}}}"])


def _fraction_at_most(digits: str, places: int) -> str:
    return rf"(\.({_at_most(digits, places)}))?" if places else ""


def _fraction_between(above: str, below: str, places: int) -> str:
    """Return the pattern of fractions from `above`, the lower bound, to `below`."""
    if not above:
        return _fraction_at_most(below, places)
    if above == below:
        return rf"\.{above}0{{0,{places - len(above)}}}"
    width = max(len(above), len(below))
    low, high = above.ljust(width, "0"), below.ljust(width, "0")
    index = next(index for index in range(width) if low[index] != high[index])
    same, rest = low[:index], places - index - 1
    ways = [f"{same}{low[index]}({_at_least(low[index + 1 :], rest)})"]
    if int(low[index]) + 1 < int(high[index]):
        ways.append(rf"{same}{_class(int(low[index]) + 1, int(high[index]) - 1)}\d{{0,{rest}}}")
    ways.append(f"{same}{high[index]}" + (f"({_at_most(high[index + 1 :], rest)})?" if rest else ""))
    if above == same:  # the remaining digits of `above` are zeros
        ways.append(same)
    return rf"\.({'|'.join(ways)})"


def _integers(low: int, high: int) -> Iterator[str]:
    """Yield patterns of the integers between two bounds; integers of the same length share a pattern where possible."""
    if low == 0:
        yield "0"
        low = 1
    least, most = len(str(low - 1)) if low > 1 else 0, len(str(high + 1)) - 1  # 10**least is the first with its length
    if least >= most:
        yield from (_range(start, stop) for start, stop in (_ranges(low, high) if low <= high else ()))
        return
    yield from (_range(start, stop) for start, stop in (_ranges(low, 10**least - 1) if low < 10**least else ()))
    yield rf"[1-9]\d{{{least},{most - 1}}}"
    yield from (_range(start, stop) for start, stop in (_ranges(10**most, high) if 10**most <= high else ()))


def _ranges(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Split a range into ranges whose bounds have equal lengths and that need a single pattern."""
    stops = {high}
    size = 10
    while (stop := low // size * size + size - 1) < high:
        stops.add(stop)
        size *= 10
    size = 10
    while (stop := (high + 1) // size * size - 1) > low:
        stops.add(stop)
        size *= 10
    start = low
    for stop in sorted(stops):
        if stop >= start:
            yield start, stop
            start = stop + 1


def _range(low: int, high: int) -> str:
    pairs = zip(str(low), str(high), strict=True)
    return "".join(_class(int(first), int(last)) for first, last in pairs)


def _class(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return r"\d" if (first, last) == (0, 9) else f"[{first}-{last}]"
