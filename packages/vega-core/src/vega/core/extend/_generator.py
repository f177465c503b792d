"""The contract of a generator: from a name and fields to a plan, without writing files."""

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
        help: a line for `--help`.
        required: whether the option is required.
    """

    name: str
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A request to a generator.

    Args:
        project: the project to generate into.
        name: the checked name.
        fields: the fields, in the given order; empty for generators without fields.
        options: the given options of the generator, by name.
    """

    project: Project
    name: Name
    fields: tuple[FieldSpec, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict[str, str])


class Generator(Protocol):
    """A kind of `vega generate`; the entry point in `vega.generators` names the kind and an instance.

    Subclass it, or write a class with the same attributes. `plan` reads the project and returns operations; the command
    line checks them for conflicts and applies all or none.

    Attributes:
        summary: a line for `vega generate --help`.
        feature: the required feature, or empty.
        takes_fields: whether fields may follow the name.
        options: further options.
        slices: compound kinds that include this kind, such as `resource`.
    """

    summary: str
    feature: str = ""
    takes_fields: bool = False
    options: tuple[GeneratorOption, ...] = ()
    slices: tuple[str, ...] = ()

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the changes.

        Raises:
            CoreError: the request cannot be fulfilled; nothing is written.
        """
        ...
