"""The root of the errors of every part that stands above: three parts (what, where, fix), a code, a kind.

Annotations of error classes are evaluated when the class is made, so that `typing.get_type_hints` works although
`__module__` names the facade.
"""

from typing import ClassVar

from ._kinds import ErrorKind


class CoreError(Exception):
    """The root of the errors of vega-core, and of the parts that build on it.

    `__module__` of an error class of Vega is where it is public: `vega.data`, not `vega.data._errors`.

    Args:
        what: what is wrong, in one line.
        where: the file, table or call it was found in; empty when there is none.
        fix: what to do about it; empty when nothing certain can be said.
    """

    code: ClassVar[str] = "VG100"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        super().__init__(what, where, fix)
        self.what: str = what
        self.where: str = where
        self.fix: str = fix

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("vega.") and cls.__module__.endswith("._errors"):
            cls.__module__ = cls.__module__.removesuffix("._errors")

    def __str__(self) -> str:
        lines = [f"[{self.code}] {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


CoreError.__module__ = "vega.errors"
