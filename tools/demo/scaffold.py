"""What a user types to build the application, and the few lines written by hand."""

from __future__ import annotations

from stage import DemoError, Stage, say

FIELDS = ("code:str:unique", "name:str", "kind:str", "country:str", "parent:str:optional", "indexed:bool=false")
JOB = "atlas/infrastructure/jobs/index_subdivision.py"
GENERATED = """async def index_subdivision(subdivision_id: str) -> None:
    \"\"\"Run the job; make it idempotent, since it may run more than once.\"\"\"
"""
BY_HAND = """async def index_subdivision(subdivision_id: str, subdivisions: SubdivisionRepository) -> None:
    \"\"\"Mark a subdivision as indexed; a second time does no harm.\"\"\"
    subdivision = await subdivisions.get(subdivision_id)
    await subdivisions.update(replace(subdivision, indexed=True))
"""
IMPORTS = """from dataclasses import replace

from vega.jobs import background_job

from atlas.domain.repositories.subdivision_repository import SubdivisionRepository
"""


def build(stage: Stage) -> None:
    """Make, migrate, check and test the application."""
    say("An application from nothing: the subdivisions of all countries (ISO 3166-2), served over REST,")
    say("GraphQL and WebSocket, indexed by a background job. SQLite and Valkey are embedded.")
    stage.type("vega", "init", "atlas")
    stage.type("vega", "add", "data", "web", "graphql", "websocket", "jobs")
    stage.type("vega", "generate", "resource", "Subdivision", *FIELDS)
    stage.type("vega", "generate", "job", "index_subdivision", "--on", "SubdivisionCreated")
    stage.type("vega", "generate", "websocket-handler", "EchoHandler")
    write_the_job(stage)
    stage.type("vega", "migrate", "upgrade")
    stage.type("vega", "doctor")
    stage.type("pytest", "-q", "--no-header", "-p", "no:randomly", "-p", "no:cacheprovider")


def write_the_job(stage: Stage) -> None:
    """Put the job's body in, as a user does in an editor."""
    say(f"\n# by hand, the body of {JOB}:")
    file = stage.project / JOB
    text = file.read_text()
    if GENERATED not in text:
        raise DemoError(f"{JOB} is not as it was expected:\n{text}")
    text = text.replace(GENERATED, BY_HAND).replace("from vega.jobs import background_job\n", IMPORTS)
    file.write_text(text)
    for line in text.splitlines():
        say(f"  | {line}")
