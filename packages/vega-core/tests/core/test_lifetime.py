"""An application starts, stops whatever happens and in time, and says which part was at fault."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from vega.core import Application, ApplicationStateError, StopTimeoutError
from vega.core.extend import Plugin, Project, on_activation
from vega.di import Container, MissingProviderError, Scope, bind
from vega.events import Event, EventBus
from vega.patterns import Interactor


def application(*plugins: Plugin, stop_timeout: float = 30.0) -> Application:
    project = Project(root=Path("/nowhere"), package="nothing")
    return Application(
        project, container=Container(), bus=EventBus(), plugins=tuple(plugins), stop_timeout=stop_timeout
    )


def slow(name: str, log: list[str], *, hangs: bool = False) -> Plugin:
    class Slow(Plugin):
        feature = name

        async def startup(self, app: Application) -> None:
            self.task = asyncio.current_task()

        async def shutdown(self, app: Application) -> None:
            assert asyncio.current_task() is self.task
            if hangs:
                await asyncio.Event().wait()
            for _ in range(3):  # it takes a little time
                await asyncio.sleep(0)
            log.append(name)

    return Slow()


async def nothing() -> None: ...


class Connection: ...


def test_an_application_says_whether_it_runs() -> None:
    app = application()
    states: list[str] = [app.state]

    async def main() -> None:
        states.append(app.state)

    app.run(main)

    assert [*states, app.state] == ["new", "running", "stopped"]


def test_a_stopped_application_starts_again_with_new_singletons() -> None:
    log: list[str] = []
    app = application(slow("a", log))
    app.container.register(Connection, scope=Scope.SINGLETON)
    made: list[Connection] = []

    async def main() -> None:
        made.append(app.container.resolve(Connection))
        assert app.container.resolve(Connection) is made[-1]

    app.run(main)
    app.run(main)

    assert (app.state, log, made[0] is made[1]) == ("stopped", ["a", "a"], False)


def test_an_application_that_could_not_start_starts_again() -> None:
    class Broken(Plugin):
        feature = "broken"
        is_whole = False

        async def startup(self, app: Application) -> None:
            if not self.is_whole:
                raise RuntimeError("no")

    plugin = Broken()
    app = application(plugin)
    with pytest.raises(RuntimeError, match="no"):
        app.run(nothing)
    plugin.is_whole = True
    app.run(nothing)


def test_a_running_application_is_not_started_twice_and_goes_on() -> None:
    log: list[str] = []
    app = application(slow("a", log))

    async def main() -> None:
        with pytest.raises(ApplicationStateError, match="runs already"):
            async with app:
                pass
        assert log == []

    app.run(main)

    assert log == ["a"]


def test_an_application_that_could_not_start_is_stopped() -> None:
    class Broken(Plugin):
        feature = "broken"

        async def startup(self, app: Application) -> None:
            raise RuntimeError("no")

    app = application(Broken())

    with pytest.raises(RuntimeError) as caught:
        app.run(nothing)

    assert caught.value.__notes__ == ["while the plugin 'broken' was started"]
    assert app.state == "stopped"


def test_a_plugin_that_hangs_is_named_and_leaves_the_others_their_time() -> None:
    log: list[str] = []
    app = application(slow("a", log), slow("b", log, hangs=True), slow("c", log), stop_timeout=0.2)

    with pytest.raises(StopTimeoutError, match="plugin 'b' did not stop"):
        app.run(nothing)

    assert log == ["c", "a"]


def test_a_resource_that_hangs_is_bounded_too() -> None:
    class Stuck:
        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            await asyncio.Event().wait()

    app = application(stop_timeout=0.1)
    app.container.register(Stuck, scope=Scope.SINGLETON)

    async def main() -> None:
        await app.container.aresolve(Stuck)

    with pytest.raises(StopTimeoutError, match="the container"):
        app.run(main)


def test_the_settings_say_how_long_stopping_may_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("VEGA_STOP_TIMEOUT", "2.5")
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "stopshop"\n')
    (tmp_path / "stopshop").mkdir()
    (tmp_path / "stopshop" / "settings.py").write_text(
        "from vega.settings import BaseSettings\nclass Settings(BaseSettings): ...\n"
    )

    assert Application.load(tmp_path).stop_timeout == 2.5


def test_a_failure_at_the_end_names_its_plugin() -> None:
    class Broken(Plugin):
        feature = "broken"

        async def shutdown(self, app: Application) -> None:
            raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own") as caught:
        application(Broken()).run(nothing)

    assert caught.value.__notes__ == ["while the plugin 'broken' was stopped"]


@dataclass(frozen=True)
class Packed(Event):
    box: str


def test_handlers_that_are_under_way_finish_before_anything_stops() -> None:
    log: list[str] = []
    app = application(slow("plugin", log))
    begun = asyncio.Event()

    async def pack(event: Packed) -> None:
        begun.set()
        for _ in range(20):
            await asyncio.sleep(0)
        log.append(event.box)

    app.bus.subscribe(Packed, pack)

    tasks: list[asyncio.Task[None]] = []

    async def main() -> None:
        tasks.append(asyncio.create_task(app.bus.publish(Packed("box"))))
        await begun.wait()

    app.run(main)

    assert log == ["box", "plugin"]


def test_an_application_may_run_in_another_thread() -> None:
    log: list[str] = []
    thread = threading.Thread(target=lambda: application(slow("a", log)).run(nothing))
    thread.start()
    thread.join(30)

    assert log == ["a"]


def test_a_cancelled_main_is_told_as_it_is() -> None:
    async def main() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        application().run(main)


PROGRAM = """
import asyncio, signal, sys
from pathlib import Path
from vega.core import Application
from vega.core.extend import Plugin, Project
from vega.di import Container
from vega.events import EventBus

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it

class Web(Plugin):
    feature = "web"
    async def shutdown(self, app):
        print("stopping", flush=True)
        {stopping}
        print("stopped", flush=True)

async def main():
    print("running", flush=True)
    {main}

project = Project(root=Path("."), package="nothing")
{before}
Application(project, container=Container(), bus=EventBus(), plugins=(Web(),)).run(main)
"""


@pytest.fixture
def program() -> Callable[..., "subprocess.Popen[str]"]:
    def start(
        *, main: str = "await asyncio.Event().wait()", stopping: str = "pass", before: str = ""
    ) -> "subprocess.Popen[str]":
        text = PROGRAM.format(main=main, stopping=stopping, before=before)
        return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def line(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


@pytest.mark.once
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)])
def test_a_signal_stops_it_in_order(
    program: Callable[..., "subprocess.Popen[str]"], sent: signal.Signals, status: int
) -> None:
    with program() as child:
        assert line(child) == "running"
        child.send_signal(sent)

        assert [line(child), line(child)] == ["stopping", "stopped"]
        assert child.wait(30) == status


@pytest.mark.once
def test_a_second_signal_ends_it_at_once(program: Callable[..., "subprocess.Popen[str]"]) -> None:
    with program(stopping="await asyncio.Event().wait()") as child:
        assert line(child) == "running"
        child.send_signal(signal.SIGTERM)
        assert line(child) == "stopping"
        child.send_signal(signal.SIGTERM)

        assert child.wait(30) == -signal.SIGTERM


@pytest.mark.once
def test_work_that_ends_well_in_spite_of_the_signal_is_no_failure(
    program: Callable[..., "subprocess.Popen[str]"],
) -> None:
    main = "try: await asyncio.Event().wait()\n    except asyncio.CancelledError: asyncio.current_task().uncancel()"
    with program(main=main) as child:
        assert line(child) == "running"
        child.send_signal(signal.SIGTERM)

        assert [line(child), line(child)] == ["stopping", "stopped"]
        assert child.wait(30) == 0


@pytest.mark.once
def test_a_handler_of_the_program_s_own_stays(program: Callable[..., "subprocess.Popen[str]"]) -> None:
    before = "signal.signal(signal.SIGTERM, lambda *_: print('own', flush=True))"
    with program(before=before, main="await asyncio.sleep(0.01)\n    signal.raise_signal(signal.SIGTERM)") as child:
        assert [line(child) for _ in range(4)] == ["running", "own", "stopping", "stopped"]
        assert child.wait(30) == 0


def test_a_resource_that_cannot_be_closed_is_reported_at_the_end() -> None:
    container = Container()

    async def resource() -> AsyncIterator[str]:
        yield "open"
        raise OSError("cannot close")

    container.register_factory(str, resource, scope=Scope.SINGLETON)
    app = Application(Project(root=Path("/nowhere"), package="nothing"), container=container, bus=EventBus())

    async def main() -> None:
        async with app:
            await container.aresolve(str)

    with pytest.raises(BaseException, match="cannot close") as caught:
        asyncio.run(main())
    assert isinstance(caught.value, OSError | ExceptionGroup)


def test_a_call_outside_the_context_of_a_running_application_names_the_remedy() -> None:
    class Session: ...

    class Look(Interactor[Session]):
        @bind
        async def call(self, session: Session) -> Session:
            return session

    app = application()
    app.container.register(Session)

    async def look() -> Session:
        return await Look()

    async def look_in_a_unit() -> Session:
        async with app.activate():
            return await Look()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(MissingProviderError, match=r"app\.activate\(\) of a running application"):
            await loop.create_task(look(), context=Context())  # as a shell that runs each line in a context of its own
        assert isinstance(await loop.create_task(look_in_a_unit(), context=Context()), Session)

    app.run(main)


def test_hooks_of_a_context_see_each_start_and_unit_of_work() -> None:
    app, seen = application(), list[Container]()

    async def main() -> None:
        async with app.activate():
            assert seen == [app.container] * 3  # the start, the unit of `run`, and this one

    with on_activation(seen.append):
        app.run(main)
    app.run(nothing)
    assert len(seen) == 3


def test_a_hook_ends_with_its_block_whatever_the_order() -> None:
    app, first, second = application(), list[Container](), list[Container]()
    add_first, add_second = first.append, second.append
    outer, inner = on_activation(add_first), on_activation(add_second)
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    app.run(nothing)
    inner.__exit__(None, None, None)
    app.run(nothing)

    assert (len(first), len(second)) == (0, 2)
