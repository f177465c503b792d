"""Arithmetic operators that a recording refuses: results differ between databases."""

from __future__ import annotations

from abc import abstractmethod
from typing import NoReturn


class NoArithmetic:
    """A class whose arithmetic operators raise."""

    __slots__ = ()

    @abstractmethod
    def _refuse_arithmetic(self) -> NoReturn: ...

    def __add__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __radd__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __sub__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __rsub__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __mul__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __rmul__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __truediv__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __rtruediv__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __floordiv__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __rfloordiv__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __mod__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __rmod__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()

    def __pow__(self, other: object) -> NoReturn:
        self._refuse_arithmetic()
