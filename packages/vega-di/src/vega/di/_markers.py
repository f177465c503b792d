"""What an annotation can say beside the type: a name, or that a parameter is to be injected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, final

T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True)
class Named:
    """Selects a named service: ``mailer: Annotated[Mailer, Named("sendgrid")]``.

    Args:
        name: the name given at registration; any text.
    """

    name: str


class InjectMarker:
    """What ``Inject`` leaves in an ``Annotated`` type."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Inject"


INJECT = InjectMarker()

if TYPE_CHECKING:
    Inject = Annotated[T, INJECT]
else:

    class Inject:
        """Marks a parameter as injected: ``Inject[Clock]``, or ``Annotated[Clock, Inject]``."""

        def __class_getitem__(cls, item: Any) -> Any:
            """Spell the marker as an annotation."""
            return Annotated[item, INJECT]
