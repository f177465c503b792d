"""The root of the errors of vega-core and higher parts: three parts (what, where, fix), a code, a kind.

Annotations of error classes are evaluated when a class is created, so that `typing.get_type_hints` works even though
`__module__` names the facade.
"""

from typing import ClassVar

from ._kinds import ErrorKind


class CoreError(Exception):
    """The root of the errors of vega-core and of the parts built on it.

    `__module__` of Vega's error classes is their public module: `vega.data`, not `vega.data._errors`.

    Args:
        what: the problem, in one line.
        where: the file, table or call of the problem; empty if there is none.
        fix: the remedy; empty if none is certain.
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
