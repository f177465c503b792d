"""Decimals in requests: numbers or strings within the bounds and places of a field, exactly as documented."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, final

from pydantic import GetJsonSchemaHandler
from pydantic_core import PydanticCustomError

from .decimal_patterns import PLACES, decimal_pattern

_CLOSE = 1e-12  # relative tolerance between a binary JSON number and the intended decimal


@final
class DecimalRules:
    """The bounds and places of a field, and the permitted strings.

    Args:
        metadata: of the field.
    """

    def __init__(self, metadata: Sequence[Any]) -> None:
        self._places: int | None = _value(metadata, "decimal_places")
        places = PLACES if self._places is None else self._places
        step = Decimal(1).scaleb(-places)
        least = [_value(metadata, "ge"), _next(_value(metadata, "gt"), step)]
        most = [_value(metadata, "le"), _next(_value(metadata, "lt"), -step)]
        self._least = max((Decimal(str(bound)) for bound in least if bound is not None), default=None)
        self._most = min((Decimal(str(bound)) for bound in most if bound is not None), default=None)
        self.pattern: str = decimal_pattern(self._least, self._most, places)
        self._form = re.compile(self.pattern, re.ASCII)
        self._plain = re.compile(decimal_pattern(None, None, places), re.ASCII)

    def check(self, value: Any) -> Any:
        """Refuse true, false and malformed strings; pydantic reports values out of bounds.

        Raises:
            PydanticCustomError: the value is a bool or a malformed string.
        """
        if isinstance(value, str) and not self._form.fullmatch(value) and not self._is_out_of_bounds(value):
            raise PydanticCustomError("decimal_form", "Input should be a decimal as text, in the documented form")
        if isinstance(value, bool):
            raise PydanticCustomError("decimal_type", "Input should be a decimal")
        if isinstance(value, float) and self._places is not None and math.isfinite(value):
            nearest = round(Decimal(repr(value)), self._places)
            return nearest if math.isclose(float(nearest), value, rel_tol=_CLOSE) else value
        return value

    def _is_out_of_bounds(self, text: str) -> bool:
        if not self._plain.fullmatch(text):
            return False
        value = Decimal(text)
        is_small = self._least is not None and value < self._least
        return is_small or (self._most is not None and value > self._most)

    def document(self, schema: dict[str, Any], *, only_text: bool) -> dict[str, Any]:
        """Return the JSON schema of a decimal, with the pattern of strings and the places of numbers."""
        text: dict[str, Any] = {"type": "string", "pattern": self.pattern}
        if only_text:
            return text
        number = next(
            (option for option in schema.get("anyOf", ()) if option.get("type") == "number"), {"type": "number"}
        )
        places = {} if self._places is None else {"multipleOf": float(Decimal(1).scaleb(-self._places))}
        return {**schema, "anyOf": [{**number, **places}, text]}


@final
class DocumentedDecimal:
    """Metadata that documents the permitted strings of a decimal, which pydantic omits.

    Args:
        metadata: of the field.
        only_text: whether all values are strings, as in a path or query.
    """

    def __init__(self, metadata: Sequence[Any], *, only_text: bool) -> None:
        self._rules, self._only_text = DecimalRules(metadata), only_text

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self._rules.document(handler(core_schema), only_text=self._only_text)


def check_of(metadata: Sequence[Any]) -> Callable[[Any], Any]:
    """Return a function that checks a decimal before parsing; a plain function, as required by pydantic."""
    rules = DecimalRules(metadata)

    def decimal_form(value: Any) -> Any:
        return rules.check(value)

    return decimal_form


def _value(metadata: Sequence[Any], word: str) -> Any:
    return next((value for constraint in metadata if (value := getattr(constraint, word, None)) is not None), None)


def _next(bound: Any, step: Decimal) -> Decimal | None:
    return None if bound is None else Decimal(str(bound)) + step
