"""Use cases are proved at start: all that the edges of a project reach, and what these take themselves."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vega.core import Application, ConfigurationErrors
from vega.core._application.proof import reached_use_cases

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "proofshop"\nfeatures = []\n',
    "proofshop/__init__.py": "",
    "proofshop/domain/__init__.py": "",
    "proofshop/domain/interactors/__init__.py": "",
    "proofshop/domain/ports.py": (
        "from abc import ABC, abstractmethod\n"
        "class Users(ABC):\n    @abstractmethod\n    async def add(self) -> None: ...\n"
        "class Mailer(ABC):\n    @abstractmethod\n    async def send(self) -> None: ...\n"
    ),
    "proofshop/domain/interactors/create_user.py": (
        "from vega.di import bind\nfrom vega.patterns import Interactor\n"
        "from proofshop.domain.ports import Mailer, Users\n"
        "class CreateUser(Interactor[None]):\n"
        "    @bind\n    async def call(self, users: Users, mailer: Mailer) -> None: ...\n"
    ),
    "proofshop/application/__init__.py": "",
    "proofshop/application/mediators/__init__.py": "",
    "proofshop/application/mediators/register.py": (
        "from vega.patterns import Mediator\nfrom proofshop.domain.interactors.create_user import CreateUser\n"
        "class Register(Mediator[None]):\n    async def call(self) -> None:\n        await CreateUser()\n"
    ),
    "proofshop/presentation/__init__.py": "",
    "proofshop/presentation/helpers.py": (
        "from proofshop.domain.interactors import create_user\n"
        "async def create() -> None:\n    await create_user.CreateUser()\n"
    ),
}
CREATE = "from proofshop.domain.interactors.create_user import CreateUser\n"
REGISTER = "from proofshop.application.mediators.register import Register\n"
EDGES = {
    "a route": ("presentation/web/routes/users.py", CREATE + "async def post() -> None:\n    await CreateUser()\n"),
    "an import within a function": (
        "presentation/web/routes/users.py",
        "async def post() -> None:\n    " + CREATE.replace("\n", " as C\n    ") + "await C()\n",
    ),
    "a helper": (
        "presentation/web/routes/users.py",
        "from proofshop.presentation import helpers\nasync def post() -> None:\n    await helpers.create()\n",
    ),
    "a nested function": (
        "presentation/cli/commands/users.py",
        "import proofshop.presentation.helpers as h\ndef run():\n    async def main():\n        await h.create()\n",
    ),
    "a mediator": (
        "presentation/websocket/users.py",
        REGISTER + "class Handler:\n    async def on_message(self, message):\n        await Register()\n",
    ),
    "a job": ("infrastructure/jobs/users.py", CREATE + "async def job() -> None:\n    await CreateUser()\n"),
    "a handler": (
        "application/handlers/users.py",
        CREATE + "async def on_event(event) -> None:\n    await CreateUser()\n",
    ),
    "a resolver": ("presentation/graphql/users.py", CREATE + "async def user() -> None:\n    await CreateUser()\n"),
    "a list of use cases": ("presentation/web/routes/users.py", CREATE + "ROUTES = [CreateUser]\n"),
}
UNMARKED = "from vega.di import Inject\nfrom proofshop.domain.ports import Mailer\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    write(tmp_path, FILES)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "proofshop"]:
        del sys.modules[name]


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    importlib.invalidate_caches()


def mistakes(root: Path) -> str:
    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(root)
    return str(caught.value)


@pytest.mark.parametrize(("path", "text"), EDGES.values(), ids=EDGES)
def test_everything_that_a_reached_use_case_lacks_is_in_the_report_of_the_start(
    project: Path, path: str, text: str
) -> None:
    write(project, {f"proofshop/{path}": text})

    report = mistakes(project)

    assert "nothing provides Users" in report
    assert "nothing provides Mailer" in report
    assert "CreateUser.call(users: Users)" in report
    assert "create_user.py" in report


def test_a_use_case_that_no_edge_reaches_does_not_stop_the_start(project: Path) -> None:
    write(project, {"proofshop/presentation/web/routes/users.py": "async def get() -> int:\n    return 1\n"})

    app = Application.load(project)

    assert reached_use_cases(app) == []
    assert [use_case.__name__ for use_case in app.unreached_use_cases()] == ["Register", "CreateUser"]


def test_a_use_case_whose_parameters_are_provided_is_sound(project: Path) -> None:
    write(
        project,
        {
            "proofshop/presentation/web/routes/users.py": EDGES["a mediator"][1],
            "proofshop/config.py": (
                "from proofshop.domain.ports import Mailer, Users\n"
                "class M(Mailer):\n    async def send(self) -> None: ...\n"
                "class U(Users):\n    async def add(self) -> None: ...\n"
                "def configure(app):\n    app.container.register(Mailer, M)\n    app.container.register(Users, U)\n"
            ),
        },
    )

    found = reached_use_cases(Application.load(project))

    assert sorted(use_case.__name__ for use_case in found) == ["CreateUser", "Register"]
    assert Application.load(project).unreached_use_cases() == []


def test_a_call_that_is_not_bound_and_takes_services_is_reported(project: Path) -> None:
    write(
        project,
        {
            "proofshop/domain/interactors/create_user.py": (
                FILES["proofshop/domain/interactors/create_user.py"].replace("    @bind\n", "")
            ),
            "proofshop/presentation/web/routes/users.py": EDGES["a route"][1],
        },
    )

    assert "nothing provides users, mailer for CreateUser.call" in mistakes(project)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("presentation/web/routes/users.py", "async def post(n: int, mailer: Inject[Mailer]) -> None: ...\n"),
        (
            "presentation/websocket/users.py",
            "class H:\n    async def on_message(self, m, to: Inject[Mailer]): ...\n",
        ),
        ("presentation/graphql/users.py", "async def user(id: str, *, mailer: Inject[Mailer]) -> None: ...\n"),
        ("presentation/cli/commands/users.py", "from vega.di import bind\n@bind\ndef run(m: Inject[Mailer]): ...\n"),
        ("infrastructure/jobs/users.py", "async def job(id: str, mailer: Inject[Mailer]) -> None: ...\n"),
        ("application/handlers/users.py", "async def on(event, mailer: Inject[Mailer]) -> None: ...\n"),
    ],
    ids=["route", "socket", "resolver", "command", "job", "handler"],
)
def test_a_marked_parameter_of_an_edge_that_nothing_provides_is_reported(project: Path, path: str, text: str) -> None:
    write(project, {f"proofshop/{path}": UNMARKED + text})

    report = mistakes(project)

    assert "nothing provides Mailer" in report
    assert "users.py" in report


def test_mistakes_of_many_calls_are_in_one_report(project: Path) -> None:
    write(
        project,
        {
            "proofshop/presentation/web/routes/users.py": EDGES["a route"][1],
            "proofshop/infrastructure/jobs/users.py": UNMARKED + "async def job(mailer: Inject[Mailer]) -> None: ...\n",
        },
    )

    report = mistakes(project)

    assert report.count("nothing provides Mailer") == 2
    assert report.count("nothing provides Users") == 1


def test_mistakes_of_registrations_calls_and_handlers_are_in_one_report(project: Path) -> None:
    write(
        project,
        {
            "proofshop/infrastructure/__init__.py": "",
            "proofshop/infrastructure/services/mail.py": (
                "from vega.di import injectable\nfrom proofshop.domain.ports import Mailer\nclass Server: ...\n"
                "@injectable(provides=Mailer)\nclass Smtp(Mailer):\n    def __init__(self, server: Server): ...\n"
                "    async def send(self) -> None: ...\n"
            ),
            "proofshop/application/handlers/users.py": (
                "from vega.events import Event, subscribe\nclass Clock: ...\nclass UserCreated(Event): ...\n"
                "@subscribe(UserCreated)\nasync def on(event: UserCreated, clock: Clock) -> None: ...\n"
            ),
            "proofshop/presentation/web/routes/users.py": EDGES["a route"][1],
        },
    )

    report = mistakes(project)

    for name in ("nothing provides Server", "nothing provides Users", "nothing provides clock of the event handler"):
        assert report.count(name) == 1
    assert "nothing provides Mailer" not in report  # it is registered, and its own mistake is reported
    assert "3 mistakes" in report
