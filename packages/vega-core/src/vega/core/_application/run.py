"""Runs a coroutine until its end or until a signal stops the process."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_until_signalled(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a new event loop; SIGTERM cancels it like SIGINT, a second signal ends the process.

    An existing handler of SIGTERM stays in place. Outside of the main thread signals are ignored.

    Raises:
        KeyboardInterrupt: after SIGINT.
        SystemExit: after SIGTERM, with the status 143.
    """
    signals: list[int] = []

    async def guarded() -> T:
        task = asyncio.current_task()
        assert task is not None  # guaranteed inside asyncio.run

        def stop() -> None:
            signals.append(signal.SIGTERM)
            task.cancel()

        _on_sigterm(stop)
        try:
            return await work()
        finally:
            _forget_sigterm()

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        if signals:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise


def _on_sigterm(act: Callable[[], object]) -> None:
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return
    loop = asyncio.get_running_loop()

    def once() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        act()

    try:
        loop.add_signal_handler(signal.SIGTERM, once)
    except NotImplementedError:  # Windows: event loops do not support signals, SIGTERM ends the process
        return


def _forget_sigterm() -> None:
    try:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    except NotImplementedError:  # as above
        return
