"""A body follows what the `Input` states about names that it does not have."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field

from vega.core import Application
from vega.core.extend import Project
from vega.di import Container
from vega.events import EventBus
from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import Router, create_app


def sent(options: ConfigDict, body: dict[str, Any], path: str) -> httpx.Response:
    class Change(Interactor[dict[str, Any]]):
        class Input(BaseModel):
            model_config = options
            id: str = "none"
            name: str = Field(default="", alias="newName")
            city: str = Field(default="", validation_alias="town")

        input: Input

        async def call(self) -> dict[str, Any]:
            return {**self.input.model_dump(), **(self.input.model_extra or {})}

    router = Router()
    router.put("/whole", use_case=Change)
    router.put("/parts/{id}", use_case=Change)
    app = create_app(Application(Project(root=Path(), package="shop"), container=Container(), bus=EventBus()))
    app.include_router(router)

    async def main() -> httpx.Response:
        async with client_for(app) as client:
            return await client.put(path, json=body)

    return asyncio.run(main())


PATHS = pytest.mark.parametrize(("path", "id"), [("/whole", "none"), ("/parts/1", "1")])


@PATHS
@pytest.mark.parametrize("options", [{}, {"extra": "ignore"}])
def test_other_names_in_a_body_are_ignored_by_default(options: ConfigDict, path: str, id: str) -> None:
    response = sent(options, {"newName": "Ada", "town": "Rome", "other": 1}, path)

    assert (response.status_code, response.json()) == (200, {"id": id, "name": "Ada", "city": "Rome"})


@PATHS
def test_other_names_are_refused_where_the_input_forbids_them(path: str, id: str) -> None:
    response = sent({"extra": "forbid"}, {"newName": "Ada", "other": 1}, path)

    assert response.status_code == 422
    assert "other" in response.text


@PATHS
def test_other_names_reach_an_input_that_allows_them(path: str, id: str) -> None:
    response = sent({"extra": "allow"}, {"newName": "Ada", "other": 1}, path)

    assert (response.status_code, response.json()) == (200, {"id": id, "name": "Ada", "city": "", "other": 1})


def test_a_value_of_the_path_wins_over_an_allowed_name_in_the_body() -> None:
    response = sent({"extra": "allow"}, {"id": "2"}, "/parts/1")

    assert response.json()["id"] == "1"


@PATHS
@pytest.mark.parametrize("option", ["populate_by_name", "validate_by_name"])
def test_fields_are_named_either_way_where_the_input_says_so(option: Any, path: str, id: str) -> None:
    response = sent({option: True}, {"name": "Ada", "town": "Rome"}, path)

    assert (response.status_code, response.json()) == (200, {"id": id, "name": "Ada", "city": "Rome"})
