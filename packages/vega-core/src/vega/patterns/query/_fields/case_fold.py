"""The one fold behind `ilike`: simple case folding of a fixed set of letters, the same on every Python and database.

Folded are the letters of Latin (Basic, Latin-1, Extended-A, -B and Additional), Greek, Cyrillic and Armenian whose
Unicode case folding is a single character. The set is fixed by code point ranges whose foldings Unicode keeps stable.
Not folded: letters whose folding is longer (`ß`), and other scripts.

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
