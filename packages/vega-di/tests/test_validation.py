"""Every mistake is found at build, all at once, with path, place and remedy."""

import pickle
from abc import ABC, abstractmethod
from typing import Annotated

import pytest

from vega.di import (
    All,
    AmbiguousProviderError,
    CaptiveDependencyError,
    CircularDependencyError,
    Container,
    ContainerError,
    Lazy,
    MissingProviderError,
    Named,
    Provider,
    Scope,
    injectable,
)


class Thing: ...


class Session: ...


class Repo:
    def __init__(self, session: Session) -> None: ...


class Absent: ...


class Gone: ...


class NeedsAbsent:
    def __init__(self, absent: Absent) -> None: ...


class NeedsGone:
    def __init__(self, gone: Gone) -> None: ...


class Captor:
    def __init__(self, session: Session) -> None: ...


class Mailer: ...


class Smtp(Mailer): ...


class Api(Mailer): ...


class NeedsMailer:
    def __init__(self, mailer: Mailer) -> None: ...


class Hen:
    def __init__(self, egg: "Egg") -> None: ...


class Egg:
    def __init__(self, hen: Hen) -> None: ...


def problems(container: Container) -> tuple[Exception, ...]:
    with pytest.raises(ContainerError) as caught:
        container.validate()
    return caught.value.exceptions


def test_all_mistakes_of_a_graph_arrive_together_with_file_and_line() -> None:
    container = Container()
    container.register(Hen)
    container.register(Egg)
    container.register(NeedsAbsent)
    container.register(NeedsGone)
    container.register(Session, scope=Scope.SCOPED)
    container.register(Captor, scope=Scope.SINGLETON)
    container.register(Mailer, Smtp)
    container.register(Mailer, Api)
    container.register(NeedsMailer)

    found = problems(container)

    assert sorted(type(error).__name__ for error in found) == [
        "AmbiguousProviderError",
        "CaptiveDependencyError",
        "CircularDependencyError",
        "MissingProviderError",
        "MissingProviderError",
    ]
    assert all("test_validation.py:" in str(error) for error in found)


def test_the_group_and_its_errors_survive_a_process_boundary() -> None:
    container = Container()
    container.register(NeedsAbsent)

    with pytest.raises(ContainerError) as caught:
        container.resolve(NeedsAbsent)
    copied = pickle.loads(pickle.dumps(caught.value))

    assert isinstance(copied, ContainerError)
    assert [str(error) for error in copied.exceptions] == [str(error) for error in caught.value.exceptions]
    assert isinstance(copied.derive([]) if False else copied, ContainerError)
    assert isinstance(caught.value.subgroup(MissingProviderError), ContainerError)


def test_a_missing_service_names_the_whole_path() -> None:
    class Service:
        def __init__(self, repo: Repo) -> None: ...

    container = Container()
    container.register(Repo)
    container.register(Service)

    (error,) = problems(container)

    assert isinstance(error, MissingProviderError)
    assert "Service -> Repo(session: Session)" in str(error)


def test_one_missing_key_is_one_mistake_however_many_need_it() -> None:
    classes = []
    for _ in range(6):

        class Needs:
            def __init__(self, absent: Absent) -> None: ...

        classes.append(Needs)
    container = Container({cls: cls for cls in classes})

    (error,) = problems(container)

    assert "and 3 more" in str(error)


@pytest.mark.parametrize("length", [1, 2, 50])
def test_a_cycle_is_drawn_in_full(length: int) -> None:
    classes = [type(f"C{number}", (), {}) for number in range(length)]
    for number, cls in enumerate(classes):

        def init(self: object, other: object) -> None: ...

        init.__annotations__ = {"other": classes[(number + 1) % length]}
        cls.__init__ = init  # type: ignore[misc]  # a class made in a loop
    container = Container({cls: cls for cls in classes})

    (error,) = problems(container)

    assert isinstance(error, CircularDependencyError)
    assert all(f"C{number}" in str(error) for number in range(length))
    assert str(error).count(" -> ") == length


def test_two_cycles_are_two_mistakes() -> None:
    class Left:
        def __init__(self, left: "Left") -> None: ...

    class Right:
        def __init__(self, right: "Right") -> None: ...

    assert len(problems(Container({Left: Left, Right: Right}))) == 2


def captive(container: Container) -> CaptiveDependencyError:
    container.register(Session, scope=Scope.SCOPED)
    (error,) = problems(container)
    assert isinstance(error, CaptiveDependencyError)
    return error


def test_a_captive_dependency_is_found_directly() -> None:
    container = Container()
    container.register(Captor, scope=Scope.SINGLETON)

    assert "Captor -> Session" in str(captive(container))


def test_a_captive_dependency_is_found_through_a_transient() -> None:
    class Holder:
        def __init__(self, repo: Repo) -> None: ...

    container = Container({Repo: Repo})
    container.register(Holder, scope=Scope.SINGLETON)

    assert "Holder -> Repo -> Session" in str(captive(container))


def test_a_captive_dependency_is_found_through_a_factory() -> None:
    def make(session: Session) -> Repo:
        return Repo(session)

    container = Container()
    container.register_factory(Repo, make, scope=Scope.SINGLETON)

    assert "Repo (make) -> Session" in str(captive(container))


def test_a_captive_dependency_is_found_through_an_alias() -> None:
    class Base: ...

    class Derived(Base): ...

    class Holder:
        def __init__(self, base: Base) -> None: ...

    container = Container()
    container.register(Derived, scope=Scope.SCOPED)
    container.alias(Base, Derived)
    container.register(Holder, scope=Scope.SINGLETON)

    assert "Holder -> Base (Derived) -> Derived" in str(captive(container))


def test_a_captive_dependency_is_found_through_a_collection() -> None:
    class Holder:
        def __init__(self, sessions: All[Session]) -> None: ...

    container = Container()
    container.register(Holder, scope=Scope.SINGLETON)

    assert "Holder -> All[Session] (gather_all) -> Session" in str(captive(container))


def test_a_captive_dependency_is_found_through_a_decorator() -> None:
    class Around(Smtp):
        def __init__(self, inner: Mailer, session: Session) -> None: ...

    container = Container()
    container.register(Mailer, Smtp, scope=Scope.SINGLETON)
    container.decorate(Mailer, Around)

    assert "Mailer (Around) -> Session" in str(captive(container))


def test_a_captive_dependency_is_found_through_a_name() -> None:
    class Holder:
        def __init__(self, repo: Annotated[Repo, Named("main")]) -> None: ...

    container = Container()
    container.register_named(Repo, "main", Repo)
    container.register(Holder, scope=Scope.SINGLETON)

    assert "Holder -> Repo named 'main' -> Session" in str(captive(container))


def test_a_captive_dependency_is_found_through_lazy_which_would_keep_it() -> None:
    class Holder:
        def __init__(self, session: Lazy[Session]) -> None: ...

    container = Container()
    container.register(Holder, scope=Scope.SINGLETON)

    assert "Holder -> Lazy[Session]" in str(captive(container))


def test_a_singleton_may_hold_the_provider_of_a_scoped_service_and_says_which_scope() -> None:
    class Holder:
        def __init__(self, sessions: Provider[Session]) -> None:
            self.sessions = sessions

    container = Container()
    container.register(Holder, scope=Scope.SINGLETON)
    container.register(Session, scope=Scope.SCOPED)
    holder = container.resolve(Holder)

    with container.scope() as scope:
        assert holder.sessions(scope) is scope.resolve(Session)
        with pytest.raises(CaptiveDependencyError):
            holder.sessions()


def test_a_singleton_factory_that_asks_its_resolver_for_a_scoped_service_is_refused() -> None:
    container = Container()
    container.register(Session, scope=Scope.SCOPED)
    container.register_factory(Repo, lambda sp: Repo(sp.resolve(Session)), scope=Scope.SINGLETON)

    with container.scope(), pytest.raises(CaptiveDependencyError, match="a singleton requests Session"):
        container.resolve(Repo)


def test_two_registrations_are_ambiguous_for_one_and_fine_for_all() -> None:
    container = Container()
    container.register(Mailer, Smtp)
    container.register(Mailer, Api)

    container.validate()
    assert [type(each) for each in container.resolve(All[Mailer])] == [Smtp, Api]
    with pytest.raises(AmbiguousProviderError, match="2 registrations provide Mailer"):
        container.resolve(Mailer)


def test_replace_makes_the_last_registration_the_only_one() -> None:
    container = Container()
    container.register(Mailer, Smtp)
    container.register(Mailer, Api, replace=True)

    assert type(container.resolve(Mailer)) is Api


def test_lazy_and_provider_do_not_close_a_cycle() -> None:
    class Left:
        def __init__(self, right: "Lazy[Right]") -> None:
            self.right = right

    class Right:
        def __init__(self, left: Left) -> None:
            self.left = left

    container = Container()
    container.register(Left, scope=Scope.SINGLETON)
    container.register(Right, scope=Scope.SINGLETON)

    left = container.resolve(Left)

    assert left.right().left is left
    assert left.right() is left.right()


def test_a_lazy_wish_for_nothing_is_missing() -> None:
    class Holder:
        def __init__(self, absent: Lazy[Absent]) -> None: ...

    (error,) = problems(Container({Holder: Holder}))

    assert isinstance(error, MissingProviderError)


def suggestion(container: Container, key: type = Absent) -> str:
    with pytest.raises(MissingProviderError) as caught:
        container.resolve(key)
    return caught.value.fix


def test_a_missing_key_suggests_the_implementation_that_exists() -> None:
    class Port: ...

    class Adapter(Port): ...

    assert "container.register(Port, Adapter)" in suggestion(Container(), Port)
    assert "container.alias(Port, Adapter)" in suggestion(Container({Adapter: Adapter}), Port)
    injectable(Adapter)
    assert f"container.include(['{__name__}'])" in suggestion(Container(), Port)


def test_a_missing_key_suggests_its_names() -> None:
    container = Container()
    container.register_named(Mailer, "smtp", Smtp)

    assert "Named('smtp')" in suggestion(container, Mailer)
    container.register(Session)
    with pytest.raises(MissingProviderError, match="registered without a name"):
        container.resolve(Session, name="main")


def test_a_missing_key_tells_of_inactive_registrations() -> None:
    container = Container()
    container.register(Mailer, Smtp, when=False)

    assert "inactive: when=False" in suggestion(container, Mailer)


def test_a_later_registration_begins_a_new_epoch_that_keeps_what_was_built() -> None:
    container = Container()
    container.register(Session, scope=Scope.SINGLETON)
    first = container.resolve(Session)

    container.register(Repo)

    assert container.resolve(Session) is first
    assert isinstance(container.resolve(Repo), Repo)


def test_a_replaced_registration_rebuilds_what_was_made_of_it() -> None:
    container = Container()
    container.register(Session, scope=Scope.SINGLETON)
    container.register(Repo, scope=Scope.SINGLETON)
    container.register(Mailer, Smtp, scope=Scope.SINGLETON)
    repo, mailer = container.resolve(Repo), container.resolve(Mailer)

    container.register(Session, Session, scope=Scope.SINGLETON, replace=True)

    assert container.resolve(Repo) is not repo
    assert container.resolve(Mailer) is mailer


def test_a_chain_of_three_thousand_services_builds_and_resolves() -> None:
    for scope in Scope:
        classes: list[type] = []
        for number in range(3000):

            def init(self: object, *needs: object) -> None: ...

            space: dict[str, object] = {}
            if classes:
                exec("def __init__(self, needs): self.needs = needs", space)
                space["__init__"].__annotations__ = {"needs": classes[-1]}  # type: ignore[attr-defined]  # a function
            classes.append(type(f"N{number}", (), {"__init__": space["__init__"]} if classes else {}))
            assert init
        container = Container()
        for cls in classes:
            container.register(cls, scope=scope)
        container.validate()
        if scope is Scope.SINGLETON:
            assert type(container.resolve(classes[-1])) is classes[-1]


def test_only_concrete_subclasses_are_suggested() -> None:
    class Port(ABC):
        @abstractmethod
        def work(self) -> None: ...

    class Partial(Port):
        pass

    with pytest.raises(MissingProviderError) as caught:
        Container({Thing: Thing}).resolve(Port)

    assert Partial.__name__ not in caught.value.fix


def test_a_missing_key_that_every_class_implements_suggests_none() -> None:
    with pytest.raises(MissingProviderError) as caught:
        Container({Thing: Thing}).resolve(object)

    assert "did you mean" not in str(caught.value)


def test_a_bound_function_that_lacks_several_services_is_reported_for_each() -> None:
    class First: ...

    class Second: ...

    def work(number: int, first: First, second: Second) -> None: ...

    container = Container()
    container.bind(work, given=["number"])

    with pytest.raises(ContainerError) as caught:
        container.validate()

    assert ["First" in str(error) for error in caught.value.exceptions] == [True, False]
    assert ["Second" in str(error) for error in caught.value.exceptions] == [False, True]
