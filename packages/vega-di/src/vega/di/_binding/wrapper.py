"""The wrapper of a bound function, and the first call."""

from __future__ import annotations

from functools import partial
from typing import Any

from .._engine.singletons import abuild, build
from .bound_function import Bound, signature_text
from .calls import BoundCall, call_bound
from .generators import drive
from .specialisation import specialise

_RELAY = """\
    _step, _sent = _r.asend, None
    while True:
        try:
            _item = await _step(_sent)
        except StopAsyncIteration:
            return
        try:
            _sent, _step = (yield _item), _r.asend
        except GeneratorExit:
            await _r.aclose()
            raise
        except BaseException as _e:
            _sent, _step = _e, _r.athrow
"""


def make_wrapper(bound: Bound) -> Any:
    """Return the wrapper; its code is specialised at the first call."""
    values = ", ".join(name for name, _ in bound.shape)
    call = f"__vega_call__({values})"
    if bound.is_coroutine:
        text = f"async def call({signature_text(bound)}):\n    return await {call}\n"
    elif not bound.is_generator:
        text = f"def call({signature_text(bound)}):\n    return {call}\n"
    elif bound.is_async:
        text = f"async def call({signature_text(bound)}):\n    _r = {call}\n{_RELAY}"
    else:
        text = f"def call({signature_text(bound)}):\n    return (yield from {call})\n"
    names: dict[str, Any] = {
        "__vega_call__": partial(call_bound, bound, drive if bound.is_generator else start),
        "__name__": bound.function.__module__,
    }
    exec(compile(text, "<vega.di bind>", "exec", dont_inherit=True), names)  # noqa: S102  # parameter names are identifiers
    wrapper = names.pop("call")
    bound.first_code = wrapper.__code__
    bound.wrapper = wrapper
    return wrapper


def start(bound_call: BoundCall, values: tuple[Any, ...]) -> Any:
    """Call a function; the first call builds singletons and specialises the wrapper."""
    if bound_call.is_ready:
        return bound_call.run(values)
    if bound_call.bound.is_async:
        return _start_async(bound_call, values)
    build(bound_call.engine, bound_call.node)
    _get_ready(bound_call)
    return bound_call.run(values)


async def _start_async(bound_call: BoundCall, values: tuple[Any, ...]) -> Any:
    await abuild(bound_call.engine, bound_call.node)
    _get_ready(bound_call)
    return await bound_call.run(values)


def _get_ready(bound_call: BoundCall) -> None:
    with bound_call.engine.epochs.lock:
        specialise(bound_call)
    bound_call.is_ready = True
