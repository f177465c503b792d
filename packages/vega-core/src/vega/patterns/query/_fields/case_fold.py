"""Case folding for `ilike`: a fixed set of letters, the same on every Python and database.

The set contains the letters of Latin (Basic, Latin-1, Extended-A, -B and Additional), Greek, Cyrillic and Armenian
whose Unicode case folding is a single character. Its code point ranges have foldings that Unicode keeps stable.
Letters with a longer folding (`ß`) and other scripts are not folded.

Source: Unicode Character Database, CaseFolding.txt (status C and S); the stability policy of case folding.
"""

from __future__ import annotations

from typing import Final

_RANGES: Final = ((0x41, 0x588), (0x1E00, 0x2000))

FOLD: Final[dict[int, str]] = {
    point: chr(point).casefold()
    for start, end in _RANGES
    for point in range(start, end)
    if len(chr(point).casefold()) == 1 and chr(point).casefold() != chr(point)
}


def fold(text: str) -> str:
    """Return a text with the letters of the set folded.

    >>> fold("ÉTÉ, Straße, Đà Nẵng")
    'été, straße, đà nẵng'
    """
    return text.translate(FOLD)
