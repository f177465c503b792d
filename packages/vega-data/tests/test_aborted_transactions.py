"""A unit in which a statement failed stores nothing and says so, in memory and on every database alike."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from vega.data import (
    AbortedTransactionError,
    Database,
    DuplicateEntityError,
    EntityMapping,
    InMemoryRepository,
    InMemoryUnitOfWork,
    SQLAlchemyRepository,
    StaleEntityError,
    TransactionConflictError,
)
from vega.data.outbox import Outbox
from vega.events import Event
from vega.patterns import AggregateRoot, QueryableRepository, Specification, UnitOfWork, UnitOfWorkError, transactional


@dataclass
class Account:
    id: str
    email: str
    version: int = 0


class With(Specification[Account]):
    def __init__(self, email: str) -> None:
        self.email = email

    def predicate(self, account: Any) -> Any:
        return account.email == self.email


MAPPING = EntityMapping(unique=("email",), version="version")


@dataclass
class Bank:
    accounts: QueryableRepository[Account]
    unit: Callable[[], UnitOfWork]
    said: list[str]

    async def ids(self) -> list[str]:
        return [account.id for account in await self.accounts.find_all()]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def in_bank(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Callable[[Bank], Awaitable[Any]]], Any]:
    """Run a body in a bank with one account."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    async def main(body: Callable[[Bank], Awaitable[Any]]) -> Any:
        if request.param == "memory":
            bank = Bank(InMemoryRepository(Account, mapping=MAPPING), InMemoryUnitOfWork, [])
            await bank.accounts.add(Account("0", "first"))
            return await body(bank)
        async with Database(url, package="-") as database:
            bank = Bank(SQLAlchemyRepository(Account, database=database, mapping=MAPPING), database.unit, [])
            await database.create_all()
            await bank.accounts.add(Account("0", "first"))
            return await body(bank)

    return lambda body: asyncio.run(main(body))


FAILURES: dict[str, tuple[type[Exception], Callable[[Bank], Awaitable[Any]]]] = {
    "add": (DuplicateEntityError, lambda bank: bank.accounts.add(Account("2", "first"))),
    "identifier": (StaleEntityError, lambda bank: bank.accounts.save(Account("0", "second"))),
    "add_many": (DuplicateEntityError, lambda bank: bank.accounts.add_many([Account("2", "b"), Account("3", "first")])),
    "update": (DuplicateEntityError, lambda bank: bank.accounts.save(Account("1", "first", 1))),
    "update_where": (DuplicateEntityError, lambda bank: bank.accounts.update_where(With("a"), email="first")),
    "upsert_many": (DuplicateEntityError, lambda bank: bank.accounts.upsert_many([Account("4", "first")])),
}
AFTERWARDS: tuple[Callable[[Bank], Awaitable[Any]], ...] = (
    lambda bank: bank.accounts.add(Account("5", "e")),
    lambda bank: bank.accounts.count(),
    lambda bank: bank.accounts.find_by_id("0"),
    lambda bank: bank.accounts.find_all(),
    lambda bank: bank.accounts.delete("0"),
    lambda bank: bank.accounts.delete_where(With("first")),
)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_unit_in_which_a_statement_failed_raises_at_its_end_and_stores_nothing(in_bank: Any, failure: str) -> None:
    error, fail = FAILURES[failure]

    async def body(bank: Bank) -> list[str]:
        with pytest.raises(AbortedTransactionError, match=r"async with unit\.savepoint\(\)") as raised:  # noqa: PT012 - the block is the unit
            async with bank.unit() as unit:
                unit.after_commit(lambda: bank.said.append("committed"))
                await bank.accounts.add(Account("1", "a"))
                with pytest.raises(error):
                    await fail(bank)
        assert isinstance(raised.value.__cause__, error | DuplicateEntityError)  # which a stale insert begins as
        return bank.said + await bank.ids()

    assert in_bank(body) == ["0"]


def test_a_unit_in_which_a_statement_failed_refuses_further_ones(in_bank: Any) -> None:
    async def body(bank: Bank) -> None:
        with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
            async with bank.unit() as unit:
                with pytest.raises(DuplicateEntityError):
                    await bank.accounts.add(Account("1", "first"))
                for statement in AFTERWARDS:
                    with pytest.raises(AbortedTransactionError):
                        await statement(bank)
                with pytest.raises(AbortedTransactionError):
                    async with unit.savepoint():
                        pass
                raise LookupError

    in_bank(body)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_in_a_savepoint_is_undone_with_it_and_the_unit_goes_on(in_bank: Any, failure: str) -> None:
    error, fail = FAILURES[failure]

    async def body(bank: Bank) -> list[str]:
        async with bank.unit() as unit:
            await bank.accounts.add(Account("1", "a"))
            with pytest.raises(error):
                async with unit.savepoint():
                    await fail(bank)
            await bank.accounts.add(Account("6", "f"))
        return sorted(await bank.ids())

    assert in_bank(body) == ["0", "1", "6"]


def test_a_failure_that_is_caught_inside_a_savepoint_ends_the_savepoint_only(in_bank: Any) -> None:
    async def body(bank: Bank) -> list[str]:
        async with bank.unit() as unit:
            await bank.accounts.add(Account("1", "a"))
            with pytest.raises(AbortedTransactionError):  # noqa: PT012 - the block is the unit
                async with unit.savepoint():
                    unit.after_commit(lambda: bank.said.append("undone"))
                    await bank.accounts.add(Account("2", "b"))
                    with pytest.raises(DuplicateEntityError):
                        await bank.accounts.add(Account("3", "first"))
            await bank.accounts.add(Account("6", "f"))
        return bank.said + sorted(await bank.ids())

    assert in_bank(body) == ["0", "1", "6"]


def test_what_stores_refuse_before_they_send_anything_leaves_the_unit_usable(in_bank: Any) -> None:
    async def body(bank: Bank) -> list[str]:
        async with bank.unit():
            with pytest.raises(StaleEntityError):
                await bank.accounts.save(Account("0", "second", 7))
            await bank.accounts.add(Account("1", "a"))
        return sorted(await bank.ids())

    assert in_bank(body) == ["0", "1"]


def test_outside_a_unit_a_failure_concerns_one_call(in_bank: Any) -> None:
    async def body(bank: Bank) -> list[str]:
        for _, fail in FAILURES.values():
            with pytest.raises((DuplicateEntityError, StaleEntityError)):  # noqa: PT012 - the block is the unit
                await bank.accounts.upsert_many([Account("1", "a")])
                await fail(bank)
        return sorted(await bank.ids())

    assert in_bank(body) == ["0", "1"]


def test_transactional_work_that_catches_a_failure_is_reported_too(in_bank: Any) -> None:
    async def body(bank: Bank) -> list[str]:
        @transactional
        async def work() -> None:
            with pytest.raises(DuplicateEntityError):
                await bank.accounts.add(Account("1", "first"))

        with pytest.raises((AbortedTransactionError, UnitOfWorkError)):
            async with bank.unit():
                await work()
        return await bank.ids()

    assert in_bank(body) == ["0"]


def test_the_end_of_a_unit_asks_for_another_run_where_its_failure_does() -> None:
    conflict = AbortedTransactionError.after(TransactionConflictError("a deadlock"))
    duplicate = AbortedTransactionError.after(DuplicateEntityError.of("Account", ["email"]))

    assert (conflict.retryable, duplicate.retryable, AbortedTransactionError.retryable) == (True, False, False)
    assert pickle.loads(pickle.dumps(conflict)).retryable


@pytest.mark.parametrize("is_in_unit", [True, False], ids=["in a unit", "alone"])
def test_a_failure_on_the_connection_that_is_caught_is_reported_at_the_end(database_url: str, is_in_unit: bool) -> None:
    async def main() -> int:
        async with Database(database_url, package="-") as database:
            accounts = SQLAlchemyRepository(Account, database=database, mapping=MAPPING)
            table = accounts.tables.table
            await database.create_all()

            async def fail() -> None:
                async with database.connection() as connection:
                    await connection.execute(table.insert(), {"id": "1", "email": "a", "version": 1})
                    with pytest.raises(IntegrityError):
                        await connection.execute(table.insert(), {"id": "1", "email": "b", "version": 1})

            with pytest.raises(AbortedTransactionError):  # noqa: PT012 - the block is the unit
                if is_in_unit:
                    async with database.unit():
                        await fail()
                else:
                    await fail()
            return await accounts.count()

    assert asyncio.run(main()) == 0


def test_a_failure_in_a_nested_transaction_of_the_connection_is_undone_with_it(database_url: str) -> None:
    async def main() -> list[str]:
        async with Database(database_url, package="-") as database:
            accounts = SQLAlchemyRepository(Account, database=database, mapping=MAPPING)
            table = accounts.tables.table
            await database.create_all()
            async with database.connection() as connection:
                await connection.execute(table.insert(), {"id": "1", "email": "a", "version": 1})
                with pytest.raises(IntegrityError):
                    async with connection.begin_nested():
                        await connection.execute(table.insert(), {"id": "1", "email": "b", "version": 1})
                await connection.execute(table.insert(), {"id": "2", "email": "b", "version": 1})
            return sorted(account.id for account in await accounts.find_all())

    assert asyncio.run(main()) == ["1", "2"]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_unit_whose_connection_was_committed_or_rolled_back_by_hand_goes_no_further(
    database_url: str, end: str
) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            accounts = SQLAlchemyRepository(Account, database=database, mapping=MAPPING)
            await database.create_all()
            with pytest.raises(AbortedTransactionError):  # noqa: PT012 - the block is the unit
                async with database.unit():
                    await accounts.add(Account("1", "a"))
                    async with database.connection() as connection:
                        await getattr(connection, end)()
                    with pytest.raises(AbortedTransactionError):
                        await accounts.add(Account("2", "b"))

    asyncio.run(main())


@dataclass(frozen=True)
class AccountOpened(Event):
    account: str


@dataclass
class Customer(AggregateRoot):
    id: str


def test_a_listener_that_catches_a_failure_ends_dead_and_not_in_a_loop(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            accounts = SQLAlchemyRepository(Account, database=database, mapping=MAPPING)
            customers = SQLAlchemyRepository(Customer, database=database)
            outbox = Outbox(database, retries=2, backoff=0)
            await database.create_all()
            await accounts.add(Account("0", "first"))
            runs = []

            @outbox.listen(AccountOpened, name="opening")
            async def open_account(event: AccountOpened) -> None:
                runs.append(event.account)
                with pytest.raises(DuplicateEntityError):
                    await accounts.add(Account(event.account, "first"))

            async with database.unit():
                customer = Customer("1")
                customer.record(AccountOpened("1"))
                await customers.add(customer)
            for _ in range(6):
                assert await outbox.relay_once() == 0
            (dead,) = await outbox.entries(dead=True)
            assert (runs, dead.attempts, await outbox.entries()) == (["1"] * 3, 3, [])
            assert dead.error.startswith("AbortedTransactionError")

    asyncio.run(main())
