"""Keys: classes, ABCs, Protocols, NewType, Annotated, closed and open generics; all distinct and right."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, Generic, NewType, Protocol, TypeVar

import pytest

from vega.di import Container, ContainerError, InvalidKeyError, MissingProviderError, Scope

T = TypeVar("T")
K = TypeVar("K")
U = TypeVar("U")


class Thing: ...


class User: ...


class Order: ...


class Repo(Generic[T]):
    pass


class Mapper(Generic[T]):
    def __init__(self, entity: type[T]) -> None:
        self.entity = entity


class SqlRepo(Repo[T]):
    def __init__(self, mapper: Mapper[T]) -> None:
        self.mapper = mapper


class UserRepo(Repo[User]): ...


class Pair(Generic[K, T]): ...


class Swapped(Pair[T, K]):
    def __init__(self, first: type[K], second: type[T]) -> None:
        self.found = first, second


UserId = NewType("UserId", str)
TenantId = NewType("TenantId", str)


class Shape(Protocol):
    def area(self) -> float: ...


class Square:
    def area(self) -> float:
        return 4.0


def test_new_types_are_distinct_keys() -> None:
    container = Container()
    container.register_factory(UserId, lambda: UserId("ada"))
    container.register_factory(TenantId, lambda: TenantId("acme"))

    class Needs:
        def __init__(self, user: UserId, tenant: TenantId) -> None:
            self.found = user, tenant

    container.register(Needs)

    assert container.resolve(Needs).found == ("ada", "acme")


def test_a_new_type_checks_its_super_type() -> None:
    container = Container()
    container.register_factory(UserId, lambda: 3)

    with pytest.raises(Exception, match="which is not a UserId"):
        container.resolve(UserId)


def test_annotated_types_are_distinct_keys_and_foreign_metadata_is_none() -> None:
    class Needs:
        def __init__(
            self, read: Annotated[User, "read"], plain: Annotated[User, "something else"], odd: Annotated[User, []]
        ) -> None:
            self.found = read, plain, odd

    read, plain = User(), User()
    container = Container({Needs: Needs})
    container.register_instance(Annotated[User, "read"], read)
    container.register_instance(User, plain)

    assert container.resolve(Needs).found == (read, plain, plain)


def test_protocols_are_keys() -> None:
    container = Container()
    container.register(Shape, Square)

    assert container.resolve(Shape).area() == 4.0


def test_two_local_classes_of_one_name_are_two_keys() -> None:
    def make() -> type:
        class Local: ...

        return Local

    first, second = make(), make()
    container = Container({first: first, second: second})

    assert type(container.resolve(first)) is first
    assert type(container.resolve(second)) is second


def test_closed_generics_are_distinct_keys() -> None:
    container = Container()
    container.register(Repo[User], UserRepo)

    assert type(container.resolve(Repo[User])) is UserRepo
    with pytest.raises(MissingProviderError):
        container.resolve(Repo[Order])


@pytest.mark.parametrize("open_key", [Repo, Repo[T]])
@pytest.mark.parametrize("made_by", [SqlRepo, SqlRepo[T]])
def test_an_open_generic_answers_for_every_closed_form(open_key: Any, made_by: Any) -> None:
    container = Container()
    container.register(open_key, made_by, scope=Scope.SINGLETON)
    container.register(Mapper)

    users, orders = container.resolve(Repo[User]), container.resolve(Repo[Order])

    assert users.mapper.entity is User  # type: ignore[attr-defined]  # it is a SqlRepo
    assert orders.mapper.entity is Order  # type: ignore[attr-defined]  # the same
    assert container.resolve(Repo[User]) is users
    assert users.__orig_class__ == SqlRepo[User]


def test_a_closed_registration_goes_before_an_open_one() -> None:
    container = Container({Mapper: Mapper})
    container.register(Repo, SqlRepo)
    container.register(Repo[User], UserRepo)

    assert type(container.resolve(Repo[User])) is UserRepo
    assert type(container.resolve(Repo[Order])) is SqlRepo


def test_an_open_generic_answers_a_parameter() -> None:
    class Service:
        def __init__(self, users: Repo[User]) -> None:
            self.users = users

    container = Container({Service: Service, Repo: SqlRepo, Mapper: Mapper})

    assert type(container.resolve(Service).users) is SqlRepo


def test_type_variables_follow_the_bases() -> None:
    class UserSql(SqlRepo[User]): ...

    container = Container({Mapper: Mapper, UserSql: UserSql})

    assert container.resolve(UserSql).mapper.entity is User


def test_swapped_variables_are_matched_by_meaning() -> None:
    container = Container({Pair: Swapped})

    found: Any = container.resolve(Pair[User, Order])

    assert type(found) is Swapped


def test_an_open_factory_answers_closed_forms() -> None:
    def make(mapper: Mapper[T]) -> Repo[T]:
        return SqlRepo(mapper)

    container = Container({Mapper: Mapper})
    container.register_factory(Repo[T], make)

    found: Any = container.resolve(Repo[Order])

    assert found.mapper.entity is Order


def test_an_open_generic_with_a_hole_is_found_when_it_is_closed() -> None:
    class Service:
        def __init__(self, users: Repo[User]) -> None: ...

    container = Container({Service: Service, Repo: SqlRepo})

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert "nothing provides Mapper[User]" in str(caught.value)


def test_decorators_of_a_generic_wrap_its_closed_forms() -> None:
    class Cached(Repo[T]):
        def __init__(self, inner: Repo[T]) -> None:
            self.inner = inner

    container = Container({Repo: SqlRepo, Mapper: Mapper})
    container.decorate(Repo, Cached)

    found: Any = container.resolve(Repo[User])

    assert type(found) is Cached
    assert type(found.inner) is SqlRepo


def test_a_parameter_whose_type_is_a_variable_gets_what_it_means() -> None:
    class Holder(Generic[T]):
        def __init__(self, item: T) -> None:
            self.item = item

    container = Container({Holder: Holder, User: User})

    assert isinstance(container.resolve(Holder[User]).item, User)


def test_abstract_keys_take_concrete_classes() -> None:
    class Port(ABC):
        @abstractmethod
        def work(self) -> int: ...

    class Adapter(Port):
        def work(self) -> int:
            return 1

    container = Container()
    container.register(Port, Adapter)

    assert container.resolve(Port).work() == 1


def test_generic_keys_that_do_not_fit_are_missing() -> None:
    class Repo(Generic[T]): ...

    class Pair(Generic[K, T]): ...

    class Nested(Repo[list[T]]): ...

    class Far(Pair[T, int]): ...

    class Unrelated(Generic[T]): ...

    container = Container()
    container.register(Repo, Nested)
    container.register(Pair, Far)

    assert type(container.resolve(Repo[list[int]])) is Nested
    with pytest.raises(MissingProviderError):
        container.resolve(Repo[dict[str, int]])
    assert type(container.resolve(Pair[str, int])) is Far
    with pytest.raises(MissingProviderError):
        container.resolve(Pair[str, str])
    other = Container()
    other.register(Repo, Unrelated)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(MissingProviderError):
        other.resolve(Repo[int])


def test_a_factory_without_annotations_answers_no_closed_generic() -> None:
    class Repo(Generic[T]): ...

    container = Container()
    container.register_factory(Repo, lambda: Repo())  # noqa: PLW0108  # a function, not a class

    assert type(container.resolve(Repo)) is Repo
    with pytest.raises(MissingProviderError):
        container.resolve(Repo[int])


def test_a_key_whose_metadata_cannot_be_hashed_is_a_named_error() -> None:
    with pytest.raises(InvalidKeyError):
        Container({Thing: Thing}).resolve(Annotated[Thing, []])
    with pytest.raises(InvalidKeyError):
        Container().register(Annotated[Thing, []], Thing)


def test_annotated_keys_are_written_in_full_in_errors() -> None:
    with pytest.raises(MissingProviderError, match=r"Annotated\[Thing, 'read'\]"):
        Container().resolve(Annotated[Thing, "read"])


def test_an_implementation_with_a_variable_that_nothing_settles_provides_nothing() -> None:
    class Repo(Generic[T]): ...

    class Two(Repo[T], Generic[T, U]): ...

    container = Container()
    container.register(Repo, Two)

    with pytest.raises((MissingProviderError, ContainerError)):
        container.resolve(Repo[int])


def test_a_hashable_looking_key_that_is_not_is_named() -> None:
    with pytest.raises(InvalidKeyError):
        Container({Thing: Thing}).resolve([Thing])


def test_a_key_that_cannot_be_hashed_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="is not a key"):
        Container().resolve(Annotated[Thing, []])
