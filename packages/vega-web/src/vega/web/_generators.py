"""The generators of vega-web: routes of a resource, and WebSocket handlers."""

from __future__ import annotations

from collections.abc import Sequence

from vega.core.extend import (
    FieldSpec,
    GenerationRequest,
    Generator,
    GeneratorOption,
    Operation,
    WriteFile,
    name_values,
    render,
)

ROUTES = '''
    """$Things over HTTP."""

    from fastapi import APIRouter, HTTPException, Request
    from vega.patterns.query import Page

    from $package.domain.entities.$thing import $Thing
    from $package.domain.interactors.$things import Create$Thing, Delete$Thing, Get$Thing, List$Things, Update$Thing

    router = APIRouter()


    @router.post("", status_code=201)
    async def create_$thing(body: Create$Thing.Input) -> $Thing:
        """Create a $title."""
        return await Create$Thing(**dict(body))


    @router.get("")
    async def list_$things(request: Request) -> Page[$Thing]:
        """Return a page of $titles; filters such as `id__ne=...`, `sort`, `page` and `size` narrow it."""
        return await List$Things(dict(request.query_params))


    @router.get("/{id}")
    async def get_$thing(id: str) -> $Thing:
        """Return one $title."""
        return await Get$Thing(id)


    @router.put("/{id}")
    async def update_$thing(id: str, body: Create$Thing.Input) -> $Thing:
        """Give a $title new values."""
        return await Update$Thing(id=id, **dict(body))


    @router.delete("/{id}", status_code=204)
    async def delete_$thing(id: str) -> None:
        """Delete a $title."""
        if not await Delete$Thing(id):
            raise HTTPException(404)
'''

TESTS = '''
    """$Things over HTTP, stored in memory."""

    from vega.data import InMemoryRepository
    from vega.testing import TestCase, client_for

    from $package.domain.entities.$thing import $Thing
    from $package.domain.repositories.${thing}_repository import ${Thing}Repository
    from $package.main import create_app

    FIRST = {$first}
    SECOND = {$second}


    class InMemory${Things}(InMemoryRepository[$Thing], ${Thing}Repository):
        """All $titles, in memory."""


    class Test${Thing}Routes(TestCase):
        """What the endpoints promise."""

        async def test_the_five_endpoints(self) -> None:
            async with client_for(create_app(), {${Thing}Repository: InMemory${Things}()}) as client:
                made = await client.post("/$path", json=FIRST)
                place = f"/$path/{made.json()['id']}"
                found = await client.get(place)
                listed = await client.get("/$path", params={"size": "1"})
                changed = await client.put(place, json=SECOND)
                gone = await client.delete(place)
                missing = await client.get(place)

            codes = [answer.status_code for answer in (made, found, listed, changed, gone, missing)]
            self.assertEqual(codes, [201, 200, 200, 200, 204, 404])
            self.assertEqual(found.json(), made.json())
            self.assertEqual(listed.json()["total"], 1)

        async def test_invalid_input_is_refused_with_its_field(self) -> None:
            async with client_for(create_app(), {${Thing}Repository: InMemory${Things}()}) as client:
                answer = await client.post("/$path", json={**FIRST, $wrong})

            self.assertEqual(answer.status_code, 422)
            self.assertEqual(answer.json()["errors"][0]["loc"][-1], $wrong_field)
'''

HANDLER = '''
    """The WebSocket of $titles."""

    from vega.web import WebSocketHandler


    class ${Thing}Handler(WebSocketHandler):
        """Answers each message with the same text; one instance a connection, one scope a message."""

        path = "/ws/$url"

        async def on_message(self, message: str) -> None:
            """Handle one text message."""
            await self.send(message)
'''


class RouterGenerator(Generator):
    """The REST routes of a resource, and a test that calls each."""

    summary = "the REST routes of a resource (create, list, get, update, delete), with tests"
    feature = "web"
    takes_fields = True
    slices = ("resource",)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the module of routes and, where the project stores data, its tests."""
        project, name = request.project, request.name
        values = name_values(project.package, name)
        things = name.plural.snake
        files = [WriteFile(f"{project.package}/presentation/web/routes/{things}.py", render(ROUTES, values))]
        if project.has("data") and request.fields:
            tests = render(TESTS, {**values, **_test_values(request.fields)})
            files.append(WriteFile(f"tests/integration/test_{things}_routes.py", tests))
        return files


def _test_values(fields: Sequence[FieldSpec]) -> dict[str, str]:
    given = [field for field in fields if field.initial is None or field.unique]
    refused = next((field for field in fields if field.type.name != "bool"), fields[0])
    return {
        "first": ", ".join(f'"{field.name}": {field.sample(0, json=True)}' for field in given),
        "second": ", ".join(f'"{field.name}": {field.sample(1, json=True)}' for field in given),
        "wrong": f'"{refused.name}": {{"not": "a value"}}',
        "wrong_field": f'"{refused.name}"',
    }


class WebSocketGenerator(Generator):
    """A WebSocket handler, mounted at `/ws/<name>` unless `--path` says otherwise."""

    summary = "a WebSocket handler: one instance a connection, one scope a message"
    feature = "websocket"
    options = (GeneratorOption(name="path", help="where it is mounted; /ws/NAME when left out"),)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the handler's module."""
        project, name = request.project, request.name.without("handler")
        values = {**name_values(project.package, name), "url": name.kebab}
        text = render(HANDLER, values)
        path = request.options.get("path")
        if path is not None:
            text = text.replace(f'"/ws/{name.kebab}"', '"{}"'.format(path.replace("\\", "").replace('"', "")))
        return [WriteFile(f"{project.package}/presentation/websocket/{name.snake}.py", text)]


router = RouterGenerator()
websocket_handler = WebSocketGenerator()
