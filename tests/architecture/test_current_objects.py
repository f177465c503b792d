"""Container, event bus and job queue are current by the same rules: per context, with a default for the process."""

import functools
import inspect
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

import pytest

from vega.di import Container, InjectionError, get_container, set_container, use_container
from vega.events import EventBus, EventError, get_event_bus, set_event_bus, use_event_bus
from vega.jobs import JobQueue, JobsError, NoJobQueueError, get_job_queue, set_job_queue, use_job_queue


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of current object.

    Args:
        make: makes one.
        get: returns the current one.
        set: makes one the current one.
        use: does so for a block.
        root: the root of the errors of its package.
        made_at_first_demand: whether `get` makes a default for the process; else it raises.
    """

    make: Callable[[], Any]
    get: Callable[[], Any]
    set: Callable[..., None]
    use: Callable[[Any], AbstractContextManager[Any]]
    root: type[Exception]
    made_at_first_demand: bool = True

    def default(self) -> Any:
        """Return what contexts have that set none; None when `get` raises there."""
        return Context().run(self.get_or_none)

    def get_or_none(self) -> Any:
        try:
            return self.get()
        except NoJobQueueError:
            return None


CONTAINER = Kind(
    make=Container,
    get=get_container,
    set=set_container,
    use=use_container,
    root=InjectionError,
)
BUS = Kind(make=EventBus, get=get_event_bus, set=set_event_bus, use=use_event_bus, root=EventError)
QUEUE = Kind(
    make=lambda: object.__new__(JobQueue),  # no server is asked for anything here
    get=get_job_queue,
    set=set_job_queue,
    use=use_job_queue,
    root=JobsError,
    made_at_first_demand=False,
)
KINDS = [pytest.param(CONTAINER, id="container"), pytest.param(BUS, id="bus"), pytest.param(QUEUE, id="queue")]


def law(test: Callable[[Kind], None]) -> Callable[[Kind], None]:
    """Run a test for each kind, in a context where nothing is set, and put the default of the process back."""

    @pytest.mark.parametrize("kind", KINDS)
    @functools.wraps(test)
    def run(kind: Kind) -> None:
        before = kind.default()
        kind.set(None, process=True)
        try:
            Context().run(test, kind)
        finally:
            kind.set(before, process=True)

    return run


def in_a_new_thread(function: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


@law
def test_an_object_is_set_for_the_calling_context_and_contexts_copied_from_it(kind: Kind) -> None:
    thing, other = kind.make(), kind.make()

    kind.set(thing)

    assert kind.get() is thing
    assert copy_context().run(kind.get) is thing
    assert copy_context().run(lambda: (kind.set(other), kind.get())[1]) is other
    assert kind.get() is thing
    assert kind.default() is not thing


@law
def test_the_process_default_is_for_contexts_that_set_none(kind: Kind) -> None:
    mine, shared = kind.make(), kind.make()
    kind.set(mine)

    kind.set(shared, process=True)

    assert kind.get() is mine
    assert kind.default() is shared
    assert in_a_new_thread(kind.get) is shared


@law
def test_setting_the_process_default_sets_nothing_for_the_calling_context(kind: Kind) -> None:
    first, second = kind.make(), kind.make()

    kind.set(first, process=True)
    seen = kind.get()
    kind.set(second, process=True)

    assert (seen, kind.get()) == (first, second)


@law
def test_none_takes_away_what_was_set_for_the_context(kind: Kind) -> None:
    shared = kind.make()
    kind.set(shared, process=True)
    kind.set(kind.make())

    kind.set(None)

    assert kind.get() is shared


@law
def test_none_takes_away_the_process_default_alone(kind: Kind) -> None:
    mine, shared = kind.make(), kind.make()
    kind.set(mine)
    kind.set(shared, process=True)

    kind.set(None, process=True)

    assert kind.get() is mine
    assert kind.default() is not shared


@law
def test_the_default_is_made_once_or_missed_with_an_error(kind: Kind) -> None:
    if kind.made_at_first_demand:
        assert kind.get() is kind.get() is in_a_new_thread(kind.get)
    else:
        with pytest.raises(kind.root):
            kind.get()


@law
def test_an_object_of_another_type_is_refused_and_changes_nothing(kind: Kind) -> None:
    mine, shared = kind.make(), kind.make()
    kind.set(mine)
    kind.set(shared, process=True)

    for thing in ("text", 7, type(mine), object()):
        for act in (kind.set, lambda thing: kind.set(thing, process=True), kind.use):
            with pytest.raises(kind.root) as caught:
                act(thing)
            error: Any = caught.value
            assert repr(thing) in error.what
            assert error.where
            assert error.fix
    with pytest.raises(kind.root):
        kind.use(None)

    assert (kind.get(), kind.default()) == (mine, shared)


@law
def test_a_block_yields_the_object_and_restores_what_was_set_before(kind: Kind) -> None:
    mine, outer, inner = kind.make(), kind.make(), kind.make()
    kind.set(mine)

    with kind.use(outer) as first:
        with kind.use(inner) as second:
            seen = kind.get()
        between = kind.get()

    assert (first, second, seen, between) == (outer, inner, inner, outer)
    assert kind.get() is mine


@law
def test_a_block_that_an_error_leaves_restores_what_was_set_before(kind: Kind) -> None:
    mine = kind.make()
    kind.set(mine)

    with pytest.raises(LookupError), kind.use(kind.make()):
        raise LookupError

    assert kind.get() is mine


@law
def test_a_block_sets_nothing_where_nothing_was_set_before(kind: Kind) -> None:
    with kind.use(kind.make()):
        pass
    shared = kind.make()

    kind.set(shared, process=True)

    assert kind.get() is shared


@law
def test_a_block_that_is_left_in_another_context_restores_there(kind: Kind) -> None:
    mine, thing = kind.make(), kind.make()
    kind.set(mine)
    block = kind.use(thing)
    block.__enter__()
    copied = copy_context()

    copied.run(block.__exit__, None, None, None)

    assert copied.run(kind.get) is mine


@law
def test_a_block_that_is_left_in_another_context_leaves_what_was_set_there(kind: Kind) -> None:
    mine, entered = kind.make(), copy_context()
    block = kind.use(kind.make())
    entered.run(block.__enter__)
    kind.set(mine)

    block.__exit__(None, None, None)

    assert kind.get() is mine


@law
def test_the_three_functions_have_the_same_parameters_and_documentation(kind: Kind) -> None:
    parameters = [(p.name, p.kind, p.default) for p in inspect.signature(kind.set).parameters.values()]
    assert parameters[1:] == [("process", inspect.Parameter.POSITIONAL_OR_KEYWORD, False)]
    assert len(inspect.signature(kind.use).parameters) == 1
    assert not inspect.signature(kind.get).parameters

    def common(function: Callable[..., object], model: Callable[..., object]) -> list[str]:
        names = {"container": "thing", "bus": "thing", "queue": "thing"}
        texts = [(each.__doc__ or "").partition("Raises:")[0] for each in (function, model)]
        return [" ".join(names.get(word.strip(".,;:"), word.strip(".,;:")) for word in text.split()) for text in texts]

    for function, model in ((kind.set, BUS.set), (kind.use, BUS.use)):
        mine, theirs = common(function, model)
        assert mine == theirs
