"""`assert_layers`: breaches of an application's layers, with their places."""

from pathlib import Path

import pytest

from vega.testing import assert_layers


def test_the_layers_are_asserted_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\n')
    domain = tmp_path / "shop" / "domain"
    domain.mkdir(parents=True)

    assert_layers(tmp_path)
    (domain / "user.py").write_text("import sqlalchemy\n")

    with pytest.raises(AssertionError, match=r"shop/domain/user\.py:1"):
        assert_layers(tmp_path)
