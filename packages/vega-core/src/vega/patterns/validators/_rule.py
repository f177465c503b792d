"""What every rule is: a check that pydantic runs after its own, with a type of error of its own."""

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
    """One check of a value, which may bring it into its usual form; subclass it for rules of your own.

    pydantic runs it where it stands in an `Annotated`, after the checks of the type. It can be called by hand too.

    Attributes:
        json_schema: what it adds to the JSON schema of its field.
    """

    __slots__ = ()

    json_schema: ClassVar[Mapping[str, Any]] = {}

    @abstractmethod
    def check(self, value: V, /) -> V:
        """Return the value in its usual form.

        Raises:
            pydantic_core.PydanticCustomError: it is wrong, a `ValueError`; make one by `failure`.
        """

    def __call__(self, value: V, /) -> V:
        """Check by hand; see `check`."""
        return self.check(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), **self.json_schema}


def failure(kind: str, text: str, /, **context: Any) -> PydanticCustomError:
    """Make the error of a rule; raise what it returns.

    Args:
        kind: the type of the error, by which `Messages` finds a text: letters, digits and underscores.
        text: the text in English; `{name}` stands for a value of the context.
        context: what the text, or another one in its place, may name.
    """
    from pydantic_core import PydanticCustomError

    make: Any = PydanticCustomError  # it asks for literals, as the text is a template: it is a developer's here too
    error: PydanticCustomError = make(kind, text, context or None)
    return error
