"""Features: plugins that are found, and plugins that fail."""

from pathlib import Path

import pytest

from vega.cli import _features
from vega.core import PluginError

from .distributions import install


def test_a_plugin_that_fails_is_named(site: Path) -> None:
    install(site, "raise RuntimeError('no licence')\n", "[vega.plugins]\npay = pay_kit:Pay\n")

    with pytest.raises(PluginError, match="no licence"):
        _features.plugin_of("pay")
