"""An outside client over real sockets: import, query, GraphQL, WebSocket, and the job's effect."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

import httpx
import pycountry
import websockets
from stage import DemoError, Stage, progress, say

AT_ONCE = 8
JOBS_LIMIT = 300.0
Record = dict[str, Any]


def records() -> list[Record]:
    """Return the subdivisions as the application takes them; `VEGA_DEMO_RECORDS` limits their number."""
    found = [
        {
            "code": each.code,
            "name": each.name,
            "kind": each.type,
            "country": each.country_code,
            "parent": each.parent_code,
        }
        for each in pycountry.subdivisions
    ]
    limit = int(os.environ.get("VEGA_DEMO_RECORDS", "0"))
    return found[:: max(1, len(found) // limit)][:limit] if limit else found


def use(stage: Stage) -> None:
    """Do everything a client does, and check each answer against the input."""
    rows = records()
    say(f"\n# {len(rows)} subdivisions from pycountry; {sum(r['parent'] is None for r in rows)} have no parent")
    asyncio.run(_import(stage, rows))
    with httpx.Client(base_url=stage.url, timeout=30) as http:
        _query(stage, http, rows)
        _refusals(stage, http, rows)
        _graphql(stage, http, rows)
        asyncio.run(_websocket(stage))
        _jobs(stage, http, rows)


async def _import(stage: Stage, rows: Sequence[Record]) -> None:
    say(f"\n> POST {stage.url}/subdivisions, {len(rows)} times: the use case CreateSubdivision")
    start = time.monotonic()
    waiting = iter(rows)
    done: asyncio.Queue[int] = asyncio.Queue()

    async def worker(http: httpx.AsyncClient) -> None:
        for row in waiting:
            done.put_nowait((await http.post("/subdivisions", json=row)).status_code)

    async def bar() -> None:
        for _ in progress(rows, len(rows), "import"):
            status = await done.get()
            if status != 201:
                raise DemoError(f"a POST was answered with {status}")

    async with httpx.AsyncClient(base_url=stage.url, timeout=60) as http:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(bar())
                for _ in range(AT_ONCE):
                    tasks.create_task(worker(http))
        except ExceptionGroup as group:
            raise DemoError(f"the import failed: {group.exceptions[0]!r}") from group
    stage.note("import over HTTP", f"{len(rows)} records", f"{len(rows) / (time.monotonic() - start):.0f} a second")


def _ask(http: httpx.Client, **parameters: str) -> Record:
    say(f"\n> GET /subdivisions?{'&'.join(f'{name}={value}' for name, value in parameters.items())}")
    answer = http.get("/subdivisions", params=parameters)
    if answer.status_code != 200:
        raise DemoError(f"the answer is {answer.status_code}: {answer.text[:300]}")
    page: Record = answer.json()
    for item in page["items"][:3]:
        say(f"  {item['code']:8} {item['name']} ({item['kind']}, in {item['parent'] or item['country']})")
    return page


def _query(stage: Stage, http: httpx.Client, rows: Sequence[Record]) -> None:
    stage.check("all records", _ask(http, size="3")["total"], len(rows))
    kind = "Province"
    expected = sum(row["kind"] == kind for row in rows)
    stage.check("filter by kind", _ask(http, kind=kind, sort="-name", size="3")["total"], expected)
    expected = sum(row["parent"] is None for row in rows)
    stage.check("records without a parent", _ask(http, parent__is_null="true", size="1")["total"], expected)
    codes = [row["code"] for row in sorted(rows, key=lambda row: row["code"])][20:30]
    page = _ask(http, sort="code", page="3", size="10")
    stage.check("page 3, ordered by code", [item["code"] for item in page["items"]], codes)
    special = max(rows, key=lambda row: ("'" in row["name"], not row["name"].isascii()))
    found = _ask(http, name=special["name"])["items"]
    stage.check("a name with a quote and Unicode", {item["name"] for item in found}, {special["name"]})


def _refusals(stage: Stage, http: httpx.Client, rows: Sequence[Record]) -> None:
    say(f"\n> POST /subdivisions with the code {rows[0]['code']} once more")
    again = http.post("/subdivisions", json=rows[0])
    say(f"  {again.text}")
    stage.check("a code twice is refused", again.status_code, 409)
    say("\n> POST /subdivisions without a name")
    wrong = http.post("/subdivisions", json={"code": "XX-1", "kind": "Region", "country": "XX"})
    say(f"  {wrong.text}")
    stage.check("a missing name is refused", wrong.status_code, 422)


def _graphql(stage: Stage, http: httpx.Client, rows: Sequence[Record]) -> None:
    query = '{ subdivisions(sort: "-code", size: 2) { code name parent } }'
    say(f"\n> POST /graphql {query}")
    answer = http.post("/graphql", json={"query": query}).json()
    say(f"  {answer}")
    codes = sorted((row["code"] for row in rows), reverse=True)[:2]
    stage.check("GraphQL, the last two codes", [item["code"] for item in answer["data"]["subdivisions"]], codes)


async def _websocket(stage: Stage) -> None:
    url = f"ws://127.0.0.1:{stage.port}/ws/echo"
    say(f"\n> WebSocket {url}: 'Zażółć gęślą jaźń'")
    async with websockets.connect(url, open_timeout=10, close_timeout=10) as socket:
        await socket.send("Zażółć gęślą jaźń")
        stage.check("WebSocket echo", await asyncio.wait_for(socket.recv(), 10), "Zażółć gęślą jaźń")


def _jobs(stage: Stage, http: httpx.Client, rows: Sequence[Record]) -> None:
    """Wait until each SubdivisionCreated was handled and its job done: the worker sets `indexed`."""
    say("\n> each SubdivisionCreated enqueued index_subdivision; waiting for the worker")
    limit = time.monotonic() + JOBS_LIMIT
    indexed = 0
    while indexed < len(rows) and time.monotonic() < limit:
        indexed = http.get("/subdivisions", params={"indexed": "true", "size": "1"}).json()["total"]
        say(f"  {indexed:5}/{len(rows)} jobs done")
        time.sleep(0 if indexed == len(rows) else 1)
    stage.check("events handled and jobs done", indexed, len(rows))
