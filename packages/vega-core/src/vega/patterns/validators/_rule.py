"""The base of rules: a check after pydantic's own, with a custom type of error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:  # pydantic loads when a rule is used
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema, PydanticCustomError

V = TypeVar("V")


class Rule(ABC, Generic[V]):
    """A check of a value that may normalise it; the base class of custom rules.

    Inside an `Annotated`, pydantic runs the rule after the checks of the type. A rule can also be called directly.

    Attributes:
        json_schema: additions to the JSON schema of the field.
    """

    __slots__ = ()

    json_schema: ClassVar[Mapping[str, Any]] = {}

    @abstractmethod
    def check(self, value: V, /) -> V:
        """Return the normalised value.

        Raises:
            pydantic_core.PydanticCustomError: the value is invalid; a `ValueError`, made by `failure`.
        """

    def __call__(self, value: V, /) -> V:
        """Run `check` on a value."""
        return self.check(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), **self.json_schema}


def failure(kind: str, text: str, /, **context: Any) -> PydanticCustomError:
    """Return the error of a rule, to be raised by the caller.

    Args:
        kind: the type of the error, the key of its messages in `Messages`: letters, digits and underscores.
        text: the text in English; `{name}` stands for a value of the context.
        context: values that the text, or a localised message, may name.
    """
    from pydantic_core import PydanticCustomError

    make: Any = PydanticCustomError  # the signature asks for literal strings
    error: PydanticCustomError = make(kind, text, context or None)
    return error
