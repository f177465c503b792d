"""A unit of work that records its steps, for the tests beside this module."""

from __future__ import annotations

from typing import Any

from vega.patterns import UnitOfWork


class StoreError(Exception):
    def __init__(self, *, retryable: bool = False) -> None:
        super().__init__("the store failed")
        self.retryable = retryable


class Store(UnitOfWork):
    """Records its steps, and fails at one of them."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.steps: list[str] = []
        self.fails = fails

    def note(self, step: str) -> None:
        self.steps.append(step)
        if step == self.fails:
            raise StoreError

    async def _begin(self, *, read_only: bool) -> None:
        self.note("begin")

    async def _commit(self) -> None:
        self.note("commit")

    async def _rollback(self) -> None:
        self.note("rollback")

    async def _open_savepoint(self) -> None:
        self.note("savepoint")

    async def _release_savepoint(self, savepoint: Any) -> None:
        self.note("release")

    async def _undo_savepoint(self, savepoint: Any) -> None:
        self.note("undo")
