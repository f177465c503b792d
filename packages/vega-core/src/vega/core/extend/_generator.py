"""The contract of a generator: a name and fields in, a plan out; it writes nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .._contracts.operations import Operation
from .._contracts.project import Project
from ._fields import FieldSpec
from ._names import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorOption:
    """An option of a generator, such as `--on ProductCreated`.

    Args:
        name: the option's name, without dashes.
        help: one line for `--help`.
        required: whether the generator cannot do without it.
    """

    name: str
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """What the user asked to be generated.

    Args:
        project: the project to generate into.
        name: the checked name.
        fields: the fields, in the order given; empty for generators without fields.
        options: the generator's own options that were given, by name.
    """

    project: Project
    name: Name
    fields: tuple[FieldSpec, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict[str, str])


class Generator(Protocol):
    """One `vega generate KIND`; the entry point in `vega.generators` names the kind and an instance.

    Subclass it, or write a class with the same attributes. `plan` reads the project and returns operations;
    the command line checks them for conflicts and applies them all or not at all.

    Attributes:
        summary: one line for `vega generate --help`.
        feature: the feature that must be enabled, or empty when every project can use it.
        takes_fields: whether fields may follow the name.
        options: further options.
        slices: compound kinds that this one contributes to, such as `resource`.
    """

    summary: str
    feature: str = ""
    takes_fields: bool = False
    options: tuple[GeneratorOption, ...] = ()
    slices: tuple[str, ...] = ()

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return what to change.

        Raises:
            CoreError: the request cannot be met; nothing is written then.
        """
        ...
