"""Masking of secrets in texts for people: by the name of the field, and in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from pydantic import BaseModel

HIDDEN: Final = "**********"  # same as pydantic's secret types
_SECRET: Final = re.compile(
    r"(?:^|_)(?:pass|passwd|password|passphrase|pwd|secret|token|credentials?|(?:api|private|secret|access)_?key)s?(?:_|$)",
    re.IGNORECASE,
)
_IN_ADDRESS: Final = re.compile(r"(://[^:/?#@\s]*:)\S*@")
_IN_QUERY: Final = re.compile(r"([?&](?:pass|password|secret|token|key|api_?key|sig|signature)=)[^&\s]+", re.IGNORECASE)


class _Shown(str):
    """A text whose `repr` has no quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def masked(name: str, value: Any) -> Any:
    """Return a masked form of a value: texts by field name and pattern, containers recursively."""
    if isinstance(value, BaseModel):
        inner = ", ".join(f"{field}={masked(field, part)!r}" for field, part in value)
        return _Shown(f"{type(value).__name__}({inner})")
    if isinstance(value, Mapping):
        table = cast("Mapping[object, object]", value)  # keys and values of any type
        return {key: masked(f"{name}_{key}", part) for key, part in table.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [masked(name, part) for part in cast("Iterable[object]", value)]  # elements of any type
    if isinstance(value, (str, bytes)) and value and _SECRET.search(name):
        return HIDDEN
    text = str(value)
    if "://" not in text:
        return value
    hidden = _IN_QUERY.sub(rf"\1{HIDDEN}", _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text))
    return value if hidden == text else hidden
