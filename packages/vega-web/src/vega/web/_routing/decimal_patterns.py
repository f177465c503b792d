"""Patterns of decimals as text, within bounds and with a number of places, which JSON Schema can say of texts only so.

Theory of operation: a decimal from `low` to `high`, both 0 or more, is one of three: the integer part of `low` with a
fraction that is large enough, that of `high` with one that is small enough, or an integer part between the two with
any fraction. Fractions are compared digit by digit, where missing digits are zeros; integers are compared by ranges of
which each has a pattern of classes of digits. A negative decimal is a minus before such a decimal.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Final

DIGITS: Final = 15  # before the point, where no bound has more
PLACES: Final = 10  # after it, where the field does not say


def decimal_pattern(least: Decimal | None, most: Decimal | None, places: int = PLACES) -> str:
    """Return the pattern of decimals as text, anchored at both ends.

    Args:
        least: the lower bound, included; None for none.
        most: the upper bound, included; None for none.
        places: the most digits after the point, 0 or more.

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
    """Yield patterns of the decimals from one to another, both 0 or more."""
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
    """Return the integer part, and the digits of the fraction without zeros at the end."""
    whole, _, fraction = f"{value:.{places}f}".partition(".")
    return int(whole), fraction.rstrip("0")


def _any(places: int) -> str:
    return rf"(\.\d{{1,{places}}})?" if places else ""


def _at_least(digits: str, length: int) -> str:
    """Return the pattern of up to `length` digits that are not less than others, as the digits of a fraction."""
    digits = digits.rstrip("0")
    ways = [
        rf"{digits[:index]}{_class(int(digit) + 1, 9)}\d{{0,{length - index - 1}}}"
        for index, digit in enumerate(digits)
        if digit != "9"
    ]
    return "|".join([*ways, rf"{digits}\d{{0,{length - len(digits)}}}"])


def _at_most(digits: str, length: int) -> str:
    """Return the pattern of 1 to `length` digits that are not more than others."""
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
    """Return the pattern of fractions from one to another; `above` is the lesser one."""
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
    if above == same:  # its further digits are zeros
        ways.append(same)
    return rf"\.({'|'.join(ways)})"


def _integers(low: int, high: int) -> Iterator[str]:
    """Yield patterns of the integers from one to another; all numbers of so many digits have one."""
    if low == 0:
        yield "0"
        low = 1
    least, most = len(str(low - 1)) if low > 1 else 0, len(str(high + 1)) - 1  # 10**least is the first of its digits
    if least >= most:
        yield from (_range(start, stop) for start, stop in (_ranges(low, high) if low <= high else ()))
        return
    yield from (_range(start, stop) for start, stop in (_ranges(low, 10**least - 1) if low < 10**least else ()))
    yield rf"[1-9]\d{{{least},{most - 1}}}"
    yield from (_range(start, stop) for start, stop in (_ranges(10**most, high) if 10**most <= high else ()))


def _ranges(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield ranges that together are one, each with the same number of digits and one pattern."""
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
