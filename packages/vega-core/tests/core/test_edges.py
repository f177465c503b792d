"""Starting and stopping an application, and source text, where things are odd."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from vega.core import Application, ConfigurationErrors
from vega.core._generators.use_cases import use_cases
from vega.core.extend import FieldSpec, GenerationRequest, Name, Project, WriteFile, render
from vega.di import Container, Scope
from vega.events import EventBus

PLUGIN = (
    "from vega.core.extend import Plugin\nclass Pay(Plugin):\n    feature = 'pay'\n"
    "    def configure(self, app):\n        app.container.register_instance(str, 'paid')\n"
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with one plugin, installed as a distribution is."""
    monkeypatch.syspath_prepend(str(tmp_path))
    files = {
        "pyproject.toml": '[tool.vega]\npackage = "payshop"\nfeatures = ["pay"]\n',
        "payshop/__init__.py": "",
        "payplugin.py": PLUGIN,
        "payplugin-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: payplugin\nVersion: 1.0\n",
        "payplugin-1.0.dist-info/entry_points.txt": "[vega.plugins]\npay = payplugin:Pay\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in {"payshop", "payplugin"}]:
        del sys.modules[name]


def test_an_enabled_plugin_configures_the_application(shop: Path) -> None:
    app = Application.load(shop)

    assert app.container.resolve(str) == "paid"
    assert app.plugin("pay").feature == "pay"


def test_a_package_that_can_be_imported_leaves_the_path_alone(shop: Path) -> None:
    before = list(sys.path)

    Application.load(shop)

    assert sys.path == before


def test_a_feature_without_its_distribution_says_how_to_add_it(shop: Path) -> None:
    (shop / "payplugin-1.0.dist-info/entry_points.txt").write_text("")

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(shop)
    assert "run: vega add pay" in str(caught.value)


def test_a_plugin_of_another_feature_is_refused_by_name(shop: Path) -> None:
    (shop / "payplugin.py").write_text(PLUGIN.replace("'pay'", "'play'"))

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(shop)
    assert "no vega.core.extend.Plugin of that feature" in str(caught.value)


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


@pytest.mark.parametrize(("features", "tested"), [((), False), (("data",), True)])
def test_use_cases_come_with_tests_when_there_is_a_database(features: tuple[str, ...], tested: bool) -> None:
    project = Project(root=Path("/nowhere"), package="shop", features=features)
    request = GenerationRequest(project=project, name=Name.parse("Order"), fields=(FieldSpec.parse("name:str"),))

    written = [operation.path for operation in use_cases.plan(request) if isinstance(operation, WriteFile)]

    assert ("tests/unit/test_orders.py" in written) is tested
    assert "shop/domain/repositories/order_repository.py" in written


def test_an_empty_hole_takes_no_line_of_text_along() -> None:
    assert render("a\n$gone\nb", {"gone": ""}) == "a\nb\n"


@pytest.mark.parametrize("line", [f"text = '{'x' * 130}'", f"# {'word ' * 30}end", f"made = {'x' * 120}()"])
def test_a_long_line_without_a_bracket_to_break_stays_as_it_is(line: str) -> None:
    assert render("$line", {"line": line}) == f"{line}\n"


def test_a_name_is_told_as_a_class() -> None:
    assert str(Name.parse("order_item")) == "OrderItem"
