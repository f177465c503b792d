"""The layers of a project, read from its source."""

from pathlib import Path

import pytest

from vega.core.extend import Project
from vega.core.layers import check_layers

BREACHES = [
    ("domain", "import sqlalchemy"),
    ("domain", "from fastapi import FastAPI"),
    ("domain", "from vega.data import Database"),
    ("domain", "from vega import web"),
    ("domain", "from shop.infrastructure.db import x"),
    ("domain", "from shop import infrastructure"),
    ("domain", "from ..infrastructure import db"),
    ("domain", "from .. import presentation"),
    ("domain", "def f():\n    import requests"),
    ("domain", "import importlib\nimportlib.import_module('shop.infrastructure.db')"),
    ("domain", "__import__('sqlalchemy')"),
    ("domain", "try:\n    import redis\nexcept ImportError:\n    redis = None"),
    ("application", "from shop.infrastructure.db import x"),
    ("application", "from shop.presentation.web import x"),
    ("presentation", "from shop.infrastructure.db import x"),
    ("infrastructure", "from shop.presentation.web import x"),
    ("domain", "from shop.application.handlers import x"),
    ("domain", "import shop.infrastructure.db as db"),
    ("domain", "class A:\n    from celery import Celery"),
    ("domain", "if True:\n    import boto3"),
]
CLEAN = [
    (
        "domain",
        "import datetime\nfrom pydantic import BaseModel\nfrom vega.patterns.query import FilterSet",
    ),
    ("domain", "from vega.events import Event\nfrom vega.di import bind\nfrom .entities import x"),
    ("domain", "from vega.errors import ErrorKind"),
    ("domain", "from vega.patterns import ErrorKind"),
    ("domain", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sqlalchemy"),
    ("application", "from shop.domain.entities import x\nfrom vega.jobs import JobQueue"),
    ("infrastructure", "import sqlalchemy\nfrom shop.domain.entities import x"),
    ("presentation", "import fastapi\nfrom shop.domain.interactors import x"),
    ("domain", "importlib = 'not an import of sqlalchemy'"),
]


def project_with(root: Path, layer: str, text: str) -> Project:
    file = root / "shop" / layer / "module.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return Project(root=root, package="shop")


@pytest.mark.parametrize(("layer", "text"), BREACHES)
def test_each_breach_is_found_with_its_line(tmp_path: Path, layer: str, text: str) -> None:
    findings = check_layers(project_with(tmp_path, layer, text))

    assert len(findings) == 1
    assert findings[0].where.startswith(f"shop/{layer}/module.py:")
    assert findings[0].fix


@pytest.mark.parametrize(("layer", "text"), CLEAN)
def test_clean_code_gives_no_alarm(tmp_path: Path, layer: str, text: str) -> None:
    assert check_layers(project_with(tmp_path, layer, text)) == []


def test_a_file_that_does_not_parse_is_a_finding(tmp_path: Path) -> None:
    findings = check_layers(project_with(tmp_path, "domain", "def ("))

    assert [finding.code for finding in findings] == ["VG111"]
