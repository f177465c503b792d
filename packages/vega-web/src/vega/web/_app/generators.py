"""Generators of vega-web: routes of a resource, models, middleware, and WebSocket handlers."""

from __future__ import annotations

from collections.abc import Sequence

from vega.core.extend import (
    FieldSpec,
    GenerationRequest,
    Generator,
    GeneratorOption,
    Operation,
    WriteFile,
    import_lines,
    name_values,
    render,
)

ROUTES = '''
    """$Things over HTTP."""

    from typing import Annotated

    from fastapi import Depends, HTTPException
    from vega.patterns import EntityNotFoundError
    from vega.patterns.query import Page
    from vega.web import FilterParameters, Router

    from $package.domain.entities.$thing import $Thing
    from $package.domain.interactors.$things import (
        ${THING}_FILTERS,
        Create$Thing,
        Delete$Thing,
        Get$Thing,
        List$Things,
        Update$Thing,
    )

    asks = FilterParameters(${THING}_FILTERS, $Thing)
    router = Router()
    router.post("", use_case=Create$Thing)
    router.get("/{id}", use_case=Get$Thing, errors=[EntityNotFoundError])
    router.put("/{id}", use_case=Update$Thing, errors=[EntityNotFoundError])


    @router.get("")
    async def list_$things(asked: Annotated[list[tuple[str, str]], Depends(asks)]) -> Page[$Thing]:
        """Return a page of $titles."""
        return await List$Things(dict(asked))


    @router.delete("/{id}", status_code=204, errors=[EntityNotFoundError])
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
        """The endpoints of a resource."""

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
            $hidden
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
        """Sends each message back; one instance a connection, one scope a message."""

        path = "/ws/$url"

        async def on_message(self, message: str) -> None:
            """Handle one text message."""
            await self.send(message)
'''


MIDDLEWARE = '''
    """The middleware $title; add it in presentation/web/pipeline.py: .use(${Thing}Middleware)."""

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


    class ${Thing}Middleware:
        """Adds the header `x-$header`; options and services are further parameters of the constructor."""

        def __init__(self, app: ASGIApp, *, value: str = "1") -> None:
            self.app = app
            self.header = (b"x-$header", value.encode("latin-1"))

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Pass everything on; the header goes to the start of each HTTP answer."""

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message.get("headers", ()), self.header]
                await send(message)

            await self.app(scope, receive, sending)
'''

WEB_MODEL = '''
    """The request and response models of $titles."""

    $imports

    $pydantic


    class ${Thing}In(BaseModel):
        """A $title in requests; further fields are refused."""

        model_config = ConfigDict(extra="forbid"$hidden)

        $inputs


    class ${Thing}Out(BaseModel):
        """A $title in responses; created from any object with these attributes."""

        model_config = ConfigDict(from_attributes=True)

        id: str
        $outputs
'''


class MiddlewareGenerator(Generator):
    """A middleware class, as plain ASGI."""

    summary = "a middleware class, to be added in presentation/web/pipeline.py"
    feature = "web"

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the module of the middleware."""
        project, name = request.project, request.name.without("middleware")
        text = render(MIDDLEWARE, {**name_values(project.package, name), "header": name.kebab})
        return [WriteFile(f"{project.package}/presentation/web/middleware/{name.snake}.py", text)]


class WebModelGenerator(Generator):
    """The request and response models of a resource, separate from the entity."""

    summary = "the request and response models of something, checked by pydantic"
    feature = "web"
    takes_fields = True

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the module of the models."""
        project, name = request.project, request.name.without("model")
        shown = [field for field in request.fields if not field.private]
        has_private = len(shown) < len(request.fields)
        needs_field = has_private or any(field.rules for field in request.fields)
        values = {
            **name_values(project.package, name),
            "imports": import_lines(request.fields),
            "pydantic": f"from pydantic import BaseModel, ConfigDict{', Field' if needs_field else ''}",
            "hidden": ", hide_input_in_errors=True" if has_private else "",
            "inputs": "\n".join(field.model_line for field in request.fields),
            "outputs": "\n".join(f"{field.name}: {field.annotation}" for field in shown),
        }
        path = f"{project.package}/presentation/web/models/{name.snake}.py"
        return [WriteFile(path, render(WEB_MODEL, values))]


class RouterGenerator(Generator):
    """The REST routes of a resource, and tests for each route."""

    summary = "the REST routes of a resource (create, list, get, update, delete), with tests"
    feature = "web"
    takes_fields = True
    slices = ("resource",)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the module of the routes and, if the project stores data, its tests."""
        project, name = request.project, request.name
        values = name_values(project.package, name)
        things, values = name.plural.snake, {**values, "THING": name.snake.upper()}
        files = [WriteFile(f"{project.package}/presentation/web/routes/{things}.py", render(ROUTES, values))]
        if project.has("data") and request.fields:
            tests = render(TESTS, {**values, **_test_values(request.fields)})
            files.append(WriteFile(f"tests/integration/test_{things}_routes.py", tests))
        return files


def _test_values(fields: Sequence[FieldSpec]) -> dict[str, str]:
    required = [field for field in fields if field.initial is None or field.unique]
    refused = next((field for field in fields if field.type.name != "bool"), fields[0])
    hidden = [f'self.assertNotIn("{field.name}", made.json())' for field in fields if field.private]
    return {
        "hidden": "\n".join(hidden),
        "first": ", ".join(f'"{field.name}": {field.sample(0, json=True)}' for field in required),
        "second": ", ".join(f'"{field.name}": {field.sample(1, json=True)}' for field in required),
        "wrong": f'"{refused.name}": {{"not": "a value"}}',
        "wrong_field": f'"{refused.name}"',
    }


class WebSocketGenerator(Generator):
    """A WebSocket handler, mounted at `/ws/<name>` unless `--path` is given."""

    summary = "a WebSocket handler: one instance a connection, one scope a message"
    feature = "websocket"
    options = (GeneratorOption(name="path", help="where it is mounted; /ws/NAME when left out"),)

    def plan(self, request: GenerationRequest) -> Sequence[Operation]:
        """Return the module of the handler."""
        project, name = request.project, request.name.without("handler")
        values = {**name_values(project.package, name), "url": name.kebab}
        text = render(HANDLER, values)
        path = request.options.get("path")
        if path is not None:
            text = text.replace(f'"/ws/{name.kebab}"', '"{}"'.format(path.replace("\\", "").replace('"', "")))
        return [WriteFile(f"{project.package}/presentation/websocket/{name.snake}.py", text)]


middleware = MiddlewareGenerator()
router = RouterGenerator()
webmodel = WebModelGenerator()
websocket_handler = WebSocketGenerator()
