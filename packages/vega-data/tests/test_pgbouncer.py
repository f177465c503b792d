"""A real PgBouncer in transaction mode, with its stock settings, between Vega and PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from vega.data import Database, DatabaseUnavailableError, SQLAlchemyRepository
from vega.data.migrations import Migrations

BINARY = shutil.which("pgbouncer")
needed = pytest.mark.skipif(
    BINARY is None and not os.environ.get("CI"), reason="pgbouncer is not on PATH: apt-get install pgbouncer"
)


@dataclass
class Note:
    text: str
    ref: UUID
    id: int | None = None


@pytest.fixture
def pooler(postgres_url: str) -> Iterator[str]:
    assert BINARY is not None, "CI needs pgbouncer on PATH"
    url = make_url(postgres_url)
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="pgb"))  # the name of a socket must be short
    (folder / "users").write_text(f'"{url.username}" ""\n')
    (folder / "ini").write_text(
        f"[databases]\n{url.database} = host={url.query['host']} user={url.username}\n"
        f"[pgbouncer]\nlisten_addr=\nunix_socket_dir={folder}\nlisten_port=6432\nauth_type=trust\n"
        f"auth_file={folder}/users\npool_mode=transaction\ndefault_pool_size=2\n"
    )
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    who: dict[str, Any] = {}
    if account:
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
    process = subprocess.Popen([BINARY, folder / "ini"], stderr=subprocess.DEVNULL, **who)
    try:
        for _ in range(200):
            if (folder / ".s.PGSQL.6432").exists():
                break
            time.sleep(0.05)
        yield f"postgresql://{url.username}@:6432/{url.database}?host={folder}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


@needed
def test_repositories_units_and_migrations_work_through_a_pooler(pooler: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(
            pooler, package="-", pool_size=4, transaction_pooler=True, statement_timeout=9.0
        ) as database:
            notes = SQLAlchemyRepository(Note, database=database)
            migrations = Migrations(database, tmp_path / "versions")
            await migrations.create("notes")
            await migrations.upgrade()

            async def work(number: int) -> None:
                stored = await notes.add(Note(str(number), UUID(int=number)))
                assert (await notes.get(stored.id)).ref == UUID(int=number)
                async with database.unit():
                    await notes.save(Note("again", UUID(int=number), stored.id))
                    assert await notes.query().where("ref", "=", UUID(int=number)).count() == 1

            for start in range(0, 24, 8):
                await asyncio.gather(*(work(number) for number in range(start, start + 8)))
            await notes.add_many([Note("many", UUID(int=1)) for _ in range(50)])
            assert await notes.query().where("text", "=", "again").count() == 24
            async with database.connection() as connection:
                shown = [
                    (await connection.execute(text(f"SHOW {word}_timeout"))).scalar_one()
                    for word in ("lock", "statement")
                ]
            assert shown == ["5s", "9s"]

    asyncio.run(main())


@needed
def test_without_its_mode_the_error_names_it(pooler: str) -> None:
    async def main() -> None:
        async with Database(pooler) as database:
            await database.ping()

    with pytest.raises(DatabaseUnavailableError, match="transaction_pooler=True") as raised:
        asyncio.run(main())
    assert "lock_timeout" in raised.value.what
