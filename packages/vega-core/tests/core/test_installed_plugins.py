"""An installed plugin joins the application of a project that lists its feature."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vega.core import Application, ConfigurationErrors

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
    assert "not a vega.core.extend.Plugin of that feature" in str(caught.value)
