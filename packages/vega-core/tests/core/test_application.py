"""The composition root."""

import asyncio
import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from uuid import UUID

import pytest

import vega.core
from vega.core import Application, ConfigurationErrors, PluginError, ProjectError
from vega.core._application import plugins as plugins_module
from vega.core.extend import (
    AddDependency,
    AppendLine,
    EnableFeature,
    Finding,
    Plugin,
    Project,
    RunOptions,
    WriteFile,
)
from vega.di import Container, Scope, ScopeClosedError, current_scope, get_container, set_container
from vega.events import EventBus, get_event_bus, set_event_bus
from vega.patterns import Clock, IdSource, UnitOfWork, get_clock, new_id, use_clock

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "depotapp"\nfeatures = []\n',
    "depotapp/__init__.py": "",
    "depotapp/settings.py": (
        "from vega.settings import BaseSettings\nclass Settings(BaseSettings):\n    greeting: str = 'hi'\n"
    ),
    "depotapp/config.py": (
        "from depotapp.domain.services.clock import Clock\n"
        "class FixedClock(Clock):\n    def now(self): return 7\n"
        "def configure(app): app.container.register(Clock, FixedClock)\n"
    ),
    "depotapp/domain/services/clock.py": "class Clock:\n    def now(self): raise NotImplementedError\n",
    "depotapp/domain/events/placed.py": (
        "from dataclasses import dataclass\nfrom vega.events import Event\n"
        "@dataclass(frozen=True)\nclass Placed(Event):\n    order: str\n"
    ),
    "depotapp/application/handlers/log.py": (
        "from depotapp.domain.events.placed import Placed\nfrom depotapp.domain.services.clock import Clock\n"
        "from vega.events import subscribe\nseen = []\n"
        "@subscribe(Placed)\nasync def log(event: Placed, clock: Clock) -> None:\n"
        "    seen.append((event.order, clock.now()))\n"
    ),
    "depotapp/infrastructure/services/store.py": (
        "from vega.di import Scope, injectable\n@injectable(scope=Scope.SCOPED)\nclass Store: ...\n"
    ),
}


class Stopped:
    instant = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "depotapp"]:
        del sys.modules[name]


def empty(plugins: tuple[Plugin, ...] = ()) -> Application:
    project = Project(root=Path("/nowhere"), package="nothing")
    return Application(project, container=Container(), bus=EventBus(), plugins=plugins)


def test_an_event_reaches_a_discovered_handler_with_what_it_needs(project: Path) -> None:
    app = Application.load(project / "depotapp")

    async def main() -> None:
        placed = sys.modules["depotapp.domain.events.placed"].Placed
        await get_event_bus().publish(placed("4711"))

    app.run(main)

    assert sys.modules["depotapp.application.handlers.log"].seen == [("4711", 7)]


def test_use_cases_and_events_work_in_the_block_of_a_started_application(project: Path) -> None:
    (project / "depotapp/domain/interactors").mkdir(parents=True)
    (project / "depotapp/domain/interactors/place.py").write_text(
        "from depotapp.domain.events.placed import Placed\nfrom depotapp.infrastructure.services.store import Store\n"
        "from vega.di import bind\nfrom vega.events import get_event_bus\nfrom vega.patterns import Interactor\n"
        "class Place(Interactor[str]):\n    @bind\n    async def call(self, store: Store) -> str:\n"
        "        await get_event_bus().publish(Placed('4712'))\n        return type(store).__name__\n"
    )

    async def main() -> None:
        before = get_container(), get_event_bus()
        async with Application.load(project) as app:
            place = importlib.import_module("depotapp.domain.interactors.place").Place
            assert await place() == await asyncio.create_task(in_a_task(place)) == "Store"
            assert (get_container(), get_event_bus()) == (app.container, app.bus)
        assert (get_container(), get_event_bus()) == before

    async def in_a_task(place: type) -> str:
        result: str = await place()
        return result

    asyncio.run(main())

    assert sys.modules["depotapp.application.handlers.log"].seen == [("4712", 7)] * 2


def test_a_failed_start_leaves_nothing_current() -> None:
    class Broken(Plugin):
        feature = "broken"

        async def startup(self, app: Application) -> None:
            raise OSError("away")

    async def main() -> None:
        before = get_container()
        with pytest.raises(OSError, match="away"):
            async with empty((Broken(),)):
                pass
        assert get_container() is before

    asyncio.run(main())


def test_an_application_provides_clock_and_id_source(project: Path) -> None:
    app = Application.load(project)

    clock, ids = app.container.resolve(Clock), app.container.resolve(IdSource)
    with use_clock(Stopped()):
        assert clock.now() == Stopped.instant
    assert ids.new_id().version == 7


def test_a_clock_that_the_project_registers_is_the_current_one_of_its_activations(project: Path) -> None:
    (project / "depotapp/config.py").write_text(
        "import depotapp.domain.services.clock as own\n"
        "from datetime import UTC, datetime\nfrom uuid import UUID\nfrom vega.patterns import Clock, IdSource\n"
        "class Stopped:\n    def now(self): return datetime(2030, 1, 1, tzinfo=UTC)\n"
        "class Same:\n    def new_id(self): return UUID(int=7)\n"
        "def configure(app):\n    app.container.register(own.Clock, own.Clock)\n"
        "    app.container.register_instance(Clock, Stopped())\n    app.container.register(IdSource, Same)\n"
    )
    app = Application.load(project)

    async def main() -> tuple[object, ...]:
        event = sys.modules["depotapp.domain.events.placed"].Placed("4711")
        return get_clock().now(), event.timestamp, new_id(), event.event_id

    assert app.run(main) == (Stopped.instant, Stopped.instant, UUID(int=7), str(UUID(int=7)))
    assert get_clock().now() > datetime(2026, 1, 1, tzinfo=UTC)


def test_the_application_provides_itself_its_settings_and_its_bus(project: Path) -> None:
    app = Application.load(project)

    assert app.container.resolve(Application) is app
    assert app.container.resolve(EventBus) is app.bus
    assert app.settings is not None
    assert app.container.resolve(type(app.settings)) is app.settings


def test_an_activation_is_one_scope_and_the_next_one_another(project: Path) -> None:
    app = Application.load(project)
    store = sys.modules["depotapp.infrastructure.services.store"].Store
    before = get_container()

    async def main() -> tuple[bool, bool]:
        async with app.activate() as scope:
            same = scope.resolve(store) is scope.resolve(store)
            first = scope.resolve(store)
            assert get_container() is app.container
        async with app.activate() as scope:
            return same, scope.resolve(store) is first

    assert asyncio.run(main()) == (True, False)
    assert get_container() is before


def test_an_activation_that_fails_to_open_puts_everything_back() -> None:
    app = empty()
    before = get_container(), get_event_bus()

    def broken() -> AbstractContextManager[object]:
        raise RuntimeError("no")

    app.ambient(broken)

    async def main() -> None:
        with pytest.raises(RuntimeError):
            async with app.activate():
                pass
        assert current_scope() is None
        assert (get_container(), get_event_bus()) == before

    asyncio.run(main())


def test_values_of_an_activation_are_injectable() -> None:
    app = empty()

    async def main() -> str:
        async with app.activate({str: "given"}) as scope:
            return str(scope.resolve(str))

    assert asyncio.run(main()) == "given"


def test_every_mistake_is_reported_at_once(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.vega]\npackage = "depotapp"\nfeatures = ["nothing"]\n')
    (project / "depotapp/settings.py").write_text(
        "from vega.settings import BaseSettings\nclass Settings(BaseSettings):\n    secret_key: str\n"
    )
    (project / "depotapp/application/handlers/broken.py").write_text("raise RuntimeError('boom')\n")

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project)

    text = str(caught.value)
    assert len(caught.value.exceptions) == 3
    assert all(word in text for word in ("SECRET_KEY", "broken.py:1", "'nothing'"))


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_after_a_load_as_it_was_before(project: Path, enabled: bool) -> None:
    before = gc.isenabled()
    (project / "depotapp/config.py").write_text("1 / 0\n")
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ConfigurationErrors):
            Application.load(project)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError):
        Application.load(tmp_path)


def recording(name: str, log: list[str], needs: tuple[str, ...] = (), *, fails: str = "") -> Plugin:
    class Recording(Plugin):
        feature = name
        requires = needs

        async def startup(self, app: Application) -> None:
            log.append(f"+{name}")
            if fails == "start":
                raise RuntimeError(f"{name} cannot start")

        async def shutdown(self, app: Application) -> None:
            log.append(f"-{name}")
            if fails == "stop":
                raise RuntimeError(f"{name} cannot stop")

    return Recording()


def test_plugins_start_in_the_order_of_what_they_require() -> None:
    errors: list[Exception] = []

    ordered = plugins_module.in_order([recording("web", [], ("data",)), recording("data", [])], errors)

    assert [plugin.feature for plugin in ordered] == ["data", "web"]
    assert errors == []


def test_a_cycle_and_a_missing_requirement_are_named() -> None:
    circle: list[Exception] = []
    missing: list[Exception] = []

    plugins_module.in_order([recording("a", [], ("b",)), recording("b", [], ("a",))], circle)
    plugins_module.in_order([recording("a", [], ("c",))], missing)

    assert "cycle" in str(circle[0])
    assert "'c'" in str(missing[0])


def test_plugins_stop_in_reverse_and_all_of_them() -> None:
    log: list[str] = []
    app = empty((recording("a", log), recording("b", log, fails="stop"), recording("c", log)))

    async def main() -> None:
        async with app:
            log.append("running")

    with pytest.raises(RuntimeError, match="b cannot stop"):
        asyncio.run(main())
    assert log == ["+a", "+b", "+c", "running", "-c", "-b", "-a"]


def test_a_failed_start_stops_what_was_started() -> None:
    log: list[str] = []
    app = empty((recording("a", log), recording("b", log, fails="start"), recording("c", log)))

    async def main() -> None:
        async with app:
            log.append("running")

    with pytest.raises(RuntimeError, match="b cannot start"):
        asyncio.run(main())
    assert log == ["+a", "+b", "-b", "-a"]


def test_the_container_is_closed_at_the_end() -> None:
    closed: list[str] = []

    def resource() -> Iterator[str]:
        yield "open"
        closed.append("closed")

    app = empty()
    app.container.register_factory(str, resource, scope=Scope.SINGLETON)

    async def main() -> str:
        return app.container.resolve(str)

    assert app.run(main) == "open"
    assert closed == ["closed"]


@pytest.mark.parametrize(
    "reference", ["no_such_module:X", "vega.core:NoSuchName", "vega.core:ErrorKind", "builtins:object"]
)
def test_a_broken_plugin_is_named(reference: str) -> None:
    with pytest.raises(PluginError, match="'pay'"):
        plugins_module.make_plugin("pay", EntryPoint("pay", reference, "vega.plugins"))


def test_further_context_is_entered_by_each_activation() -> None:
    app = empty()
    entered: list[int] = []

    def enter() -> AbstractContextManager[object]:
        entered.append(1)
        return nullcontext()

    app.ambient(enter)

    async def main() -> None:
        for _ in range(2):
            async with app.activate():
                pass

    asyncio.run(main())
    assert len(entered) == 2


def test_two_settings_classes_are_a_mistake(project: Path) -> None:
    file = project / "depotapp/settings.py"
    file.write_text(file.read_text() + "class More(BaseSettings): ...\n")

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project)

    assert "2 settings classes" in str(caught.value)


@pytest.mark.parametrize("name", ["config", "settings"])
def test_a_module_of_the_project_that_fails_is_a_mistake(project: Path, name: str) -> None:
    (project / f"depotapp/{name}.py").write_text("raise RuntimeError('boom')\n")

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project)

    assert f"depotapp.{name} cannot be imported" in str(caught.value)


def test_a_failing_configure_is_a_mistake(project: Path) -> None:
    (project / "depotapp/config.py").write_text("def configure(app): raise RuntimeError('no clock')\n")

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project)

    assert "no clock" in str(caught.value)


def test_a_malformed_discovery_configuration_is_a_mistake(project: Path) -> None:
    (project / "depotapp/config.py").write_text("DISCOVERY_CONFIG = {'route': []}\n")

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project)

    assert "'route'" in str(caught.value)


def test_an_application_without_settings_and_config_is_sound(project: Path) -> None:
    (project / "depotapp/settings.py").unlink()
    (project / "depotapp/config.py").unlink()
    (project / "depotapp/application/handlers/log.py").unlink()

    app = Application.load(project)

    assert app.settings is None
    assert app.found is not None
    assert app.found.modules("services") == [
        "depotapp.domain.services.clock",
        "depotapp.infrastructure.services.store",
    ]


def test_a_plugin_is_found_by_its_feature() -> None:
    plugin = recording("pay", [])
    app = empty((plugin,))

    assert app.plugin("pay") is plugin
    with pytest.raises(PluginError, match="vega add mail"):
        app.plugin("mail")


def test_a_plugin_does_nothing_until_told_otherwise() -> None:
    class Quiet(Plugin):
        feature = "quiet"

    quiet, app = Quiet(), empty()
    quiet.configure(app)
    asyncio.run(quiet.startup(app))
    asyncio.run(quiet.shutdown(app))

    assert quiet.add(app.project) == [EnableFeature("quiet")]
    assert (quiet.checks(app.project), quiet.processes(app.project, RunOptions()), quiet.mounts(app)) == ([], [], {})


def test_several_failures_at_the_end_are_one_group() -> None:
    log: list[str] = []
    app = empty((recording("a", log, fails="stop"), recording("b", log, fails="stop")))

    async def main() -> None:
        async with app:
            pass

    with pytest.raises(BaseExceptionGroup) as caught:
        asyncio.run(main())
    assert [str(error) for error in caught.value.exceptions] == ["b cannot stop", "a cannot stop"]


def test_a_handler_after_the_commit_waits_for_the_open_unit_of_work(project: Path) -> None:
    (project / "depotapp/application/handlers/late.py").write_text(
        "from depotapp.domain.events.placed import Placed\nfrom vega.events import subscribe\nlate = []\n"
        "@subscribe(Placed, phase='after_commit')\ndef note(event: Placed) -> None:\n    late.append(event.order)\n"
    )
    app = Application.load(project)
    placed = sys.modules["depotapp.domain.events.placed"].Placed
    late = sys.modules["depotapp.application.handlers.late"].late
    seen: list[list[str]] = []

    async def main() -> None:
        async with app.activate():
            async with MemoryUnit():
                await app.bus.publish(placed("1"))
                seen.append(list(late))
            seen.append(list(late))
            await app.bus.publish(placed("2"))
            seen.append(list(late))

    asyncio.run(main())
    assert seen == [[], ["1"], ["1", "2"]]


class MemoryUnit(UnitOfWork):
    """A unit of work over nothing."""

    async def _begin(self, *, read_only: bool) -> None: ...
    async def _commit(self) -> None: ...
    async def _rollback(self) -> None: ...
    async def _open_savepoint(self) -> None: ...
    async def _release_savepoint(self, savepoint: object) -> None: ...
    async def _undo_savepoint(self, savepoint: object) -> None: ...


def test_operations_and_findings_have_a_json_form() -> None:
    operations = [WriteFile("a.py", "x"), AddDependency("x>=1"), EnableFeature("web"), AppendLine("b", "y")]
    finding = Finding(severity="error", code="X1", what="w")

    words = [operation.to_json()["operation"] for operation in operations]

    assert words == ["write_file", "add_dependency", "enable_feature", "append_line"]
    assert finding.to_json() == {"severity": "error", "code": "X1", "what": "w", "where": "", "fix": ""}


def test_the_facade_has_every_public_name_and_no_other() -> None:
    assert all(hasattr(vega.core, name) for name in vega.core.__all__)
    assert set(vega.core.__all__) <= set(dir(vega.core))
    assert not hasattr(vega.core, "NoSuchName")


class Kept:
    def __init__(self) -> None:
        self.state = 1


@pytest.mark.parametrize("has_ambient", [False, True])
def test_a_closed_unit_of_work_refuses_to_resolve_and_names_its_origin(has_ambient: bool) -> None:
    container = Container()
    container.register(Kept, scope=Scope.SCOPED)
    app = Application(Project(root=Path(), package="none"), container=container, bus=EventBus())
    if has_ambient:
        app.ambient(nullcontext)

    async def main() -> None:
        async with app:
            async with app.activate(origin=lambda: "the order of Ada") as scope:
                assert scope.resolve(Kept).state == 1

            with pytest.raises(ScopeClosedError, match="the scope of the order of Ada; used at"):
                scope.resolve(Kept)

    asyncio.run(main())


def test_a_context_that_set_nothing_follows_the_process_default_after_a_unit() -> None:
    lone = empty()

    async def main() -> None:
        async with lone.activate():
            assert get_event_bus() is lone.bus
        try:
            set_container(container := Container(), process=True)
            set_event_bus(bus := EventBus(), process=True)

            assert get_container() is container
            assert get_event_bus() is bus
        finally:
            set_container(None, process=True)
            set_event_bus(None, process=True)

    Context().run(asyncio.run, main())
