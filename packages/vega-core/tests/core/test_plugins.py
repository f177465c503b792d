"""Plugins of third parties: errors name a broken plugin, and a disabled plugin does no harm."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vega.core import Application, ConfigurationErrors, PluginError
from vega.core._application import plugins as plugins_module
from vega.core.extend import Plugin

GOOD = "from vega.core.extend import Plugin\nclass P(Plugin):\n    feature = '{name}'\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Install distributions that offer a plugin, and a project that may enable them."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    (tmp_path / "site").mkdir()
    (tmp_path / "plugshop").mkdir()

    def install(*plugins: tuple[str, str], features: list[str]) -> Path:
        for number, (name, source) in enumerate(plugins):
            (tmp_path / "site" / f"plug_{name}_{number}.py").write_text(source)
            metadata = tmp_path / "site" / f"plug_{name}_{number}-1.0.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plug-{name}-{number}\nVersion: 1.0\n")
            (metadata / "entry_points.txt").write_text(f"[vega.plugins]\n{name} = plug_{name}_{number}:P\n")
        (tmp_path / "pyproject.toml").write_text(f'[tool.vega]\npackage = "plugshop"\nfeatures = {features}\n')
        return tmp_path

    yield install
    for name in [name for name in sys.modules if name.startswith(("plugshop", "plug_"))]:
        del sys.modules[name]


def mistakes(root: Path) -> str:
    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(root)
    return str(caught.value)


BROKEN = [
    ("raise ImportError('no such library')", "cannot be loaded: ImportError: no such library"),
    ("raise SystemExit(3)", "cannot be loaded: SystemExit: 3"),
    ("def P(): raise ValueError('half made')", "cannot be loaded: ValueError: half made"),
    ("class P: feature = 'pay'", "not a vega.core.extend.Plugin"),
    (GOOD.format(name="other"), "not a vega.core.extend.Plugin of that feature"),
    (GOOD.format(name="pay") + "    requires = 'data'\n", "invalid requires: 'data'"),
    (GOOD.format(name="pay") + "    requires = ('pay',)\n", "form a cycle: pay -> pay"),
    (GOOD.format(name="pay") + "    requires = ('ledger',)\n", "needs 'ledger', which is not enabled"),
    (GOOD.format(name="pay") + "    def configure(self, app): raise KeyError('key')\n", "'pay' cannot be configured"),
]


@pytest.mark.parametrize(("source", "told"), BROKEN)
def test_a_broken_plugin_that_is_enabled_is_named(install: Callable[..., Path], source: str, told: str) -> None:
    text = mistakes(install(("pay", source), features=["pay"]))

    assert "1 mistakes" in text
    assert "VG104" in text
    assert told in text


@pytest.mark.parametrize(("source", "told"), BROKEN)
def test_a_broken_plugin_that_is_not_enabled_does_no_harm(install: Callable[..., Path], source: str, told: str) -> None:
    app = Application.load(install(("pay", source), ("mail", GOOD.format(name="mail")), features=["mail"]))

    assert [plugin.feature for plugin in app.plugins] == ["mail"]
    assert "plug_pay_0" not in sys.modules


def test_a_broken_distribution_is_named(install: Callable[..., Path]) -> None:
    assert "plug-pay-0" in mistakes(install(("pay", "raise ImportError"), features=["pay"]))


def test_a_broken_plugin_does_not_hide_the_mistakes_of_another(install: Callable[..., Path]) -> None:
    text = mistakes(install(("pay", "raise ImportError"), ("mail", "raise OSError"), features=["pay", "mail"]))

    assert "'pay' cannot be loaded" in text
    assert "'mail' cannot be loaded" in text


def test_plugins_in_a_circle_are_named_and_nothing_is_configured(install: Callable[..., Path]) -> None:
    configured = "    def configure(self, app): print('configured')\n"
    circle = [
        (name, GOOD.format(name=name) + f"    requires = ('{other}',)\n" + configured)
        for name, other in (("a", "b"), ("b", "c"), ("c", "a"))
    ]

    text = mistakes(install(*circle, features=["a", "b", "c"]))

    assert "plugin dependencies form a cycle" in text
    assert "configured" not in text


def test_a_feature_that_two_distributions_offer_is_refused_with_both_names(install: Callable[..., Path]) -> None:
    good = GOOD.format(name="pay")

    text = mistakes(install(("pay", good), ("pay", good), features=["pay"]))

    assert "plug-pay-0 (plug_pay_0:P), plug-pay-1 (plug_pay_1:P)" in text


def test_a_plugin_s_own_error_with_a_code_stays_as_it_is(install: Callable[..., Path]) -> None:
    source = (
        "from vega.core import ComponentError\n"
        + GOOD.format(name="pay")
        + "    def configure(self, app): raise ComponentError('no key', 'there', 'set it')\n"
    )

    assert "[VG105] no key" in mistakes(install(("pay", source), features=["pay"]))


@pytest.mark.parametrize("order", [("a", "b", "c", "d"), ("d", "c", "b", "a"), ("c", "a", "d", "b")])
def test_whatever_the_list_says_each_comes_after_what_it_requires(order: tuple[str, ...]) -> None:
    needs = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("c",)}

    def made(name: str) -> Plugin:
        plugin: Plugin = type(name, (Plugin,), {"feature": name, "requires": needs[name]})()
        return plugin

    errors: list[Exception] = []
    ordered = [plugin.feature for plugin in plugins_module.in_order([made(name) for name in order], errors)]

    assert ordered == ["a", "b", "c", "d"]
    assert errors == []


def test_a_plugin_error_is_raised_by_its_own_name() -> None:
    with pytest.raises(PluginError, match="'pay' is enabled and not installed"):
        plugins_module.make_plugin("pay", None)
