"""Conditions: asked once while the container is built, and shown with their reasons."""

import pickle
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

import vega.di
from vega.di import (
    Container,
    InvalidRegistrationError,
    MissingProviderError,
    Scope,
    env,
    injectable,
    installed,
    missing,
    profile,
    setting,
)


class Thing: ...


class Keeper:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


class Other: ...


class Mailer: ...


class Fake(Mailer): ...


class Real(Mailer): ...


@dataclass
class Settings:
    debug: bool


def active(container: Container) -> type:
    return type(container.resolve(Mailer))


def test_a_condition_is_asked_once_however_many_epochs_follow() -> None:
    asked = []

    def is_on() -> bool:
        asked.append(1)
        return True

    container = Container()
    container.register(Mailer, Real, when=is_on)

    container.validate()
    container.resolve(Mailer)
    container.register(Fake)
    container.resolve(Mailer)
    with container.override({Fake: Fake()}):
        container.resolve(Mailer)

    assert asked == [1]


@pytest.mark.parametrize(("value", "expected"), [("dev", Fake), ("prod", Real)])
def test_env_looks_at_an_environment_variable(monkeypatch: pytest.MonkeyPatch, value: str, expected: type) -> None:
    monkeypatch.setenv("STAGE", value)
    container = Container()
    container.register(Mailer, Fake, when=env("STAGE", "dev"))
    container.register(Mailer, Real, when=env("STAGE", "prod"))

    assert active(container) is expected


def test_env_without_a_value_asks_whether_the_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGE", raising=False)
    container = Container()
    container.register(Mailer, Fake, when=env("STAGE"))

    with pytest.raises(MissingProviderError, match="STAGE is not set"):
        container.resolve(Mailer)


def test_profiles_are_given_or_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEGA_PROFILE", "test, fast")

    def made(profiles: list[str] | None) -> Container:
        container = Container(profiles=profiles)
        container.register(Mailer, Fake, when=profile("test"))
        container.register(Mailer, Real, when=profile("prod", "stage"))
        return container

    assert active(made(None)) is Fake
    assert active(made(["stage"])) is Real


def test_installed_asks_whether_modules_can_be_imported() -> None:
    container = Container()
    container.register(Mailer, Fake, when=installed("json", "no_such_module"))
    container.register(Mailer, Real, when=installed("json.decoder"))
    container.register(Mailer, Fake, when=installed("no.such.module"))

    assert active(container) is Real
    assert any("no_such_module is not installed" in each.reason for each in container.graph().services)


def test_missing_counts_only_when_nothing_else_provides_the_key() -> None:
    alone, beside = Container(), Container()
    alone.register(Mailer, Fake, when=missing(Mailer))
    alone.register(Mailer, Real, when=missing(Mailer))
    beside.register(Mailer, Fake, when=missing(Mailer))
    beside.register(Mailer, Real)

    assert active(alone) is Fake
    assert active(beside) is Real


def test_setting_looks_at_the_settings_of_the_container() -> None:
    container = Container(settings=Settings(debug=True))
    container.register(Mailer, Fake, when=setting(lambda s: s.debug))
    container.register(Mailer, Real, when=setting(lambda s: not s.debug))

    assert active(container) is Fake


def test_settings_can_be_given_until_the_build() -> None:
    container = Container()
    container.register(Mailer, Fake, when=setting(lambda s: s.debug))

    with pytest.raises(InvalidRegistrationError, match="the container has none"):
        container.validate()
    container.settings = Settings(debug=True)

    assert container.settings.debug
    assert active(container) is Fake


def test_an_inactive_variant_does_not_make_a_key_ambiguous() -> None:
    container = Container()
    container.register(Mailer, Real)
    container.register(Mailer, Fake, when=lambda: False)

    assert active(container) is Real


def test_the_graph_shows_active_and_inactive_registrations_and_why() -> None:
    container = Container(profiles=["prod"])
    container.register(Mailer, Real, when=profile("prod"), scope=Scope.SINGLETON)
    container.register(Mailer, Fake, when=profile("test"))

    shown = {each.implementation: each for each in container.graph().services}

    assert shown["Real"].active
    assert shown["Real"].reason == "profile prod; active: prod"
    assert not shown["Fake"].active
    assert shown["Fake"].reason == "profile test; active: prod"
    assert "It is active because profile prod" in container.explain(Mailer)


def test_decorations_have_conditions_too() -> None:
    class Around(Mailer):
        def __init__(self, inner: Mailer) -> None: ...

    container = Container(profiles=[])
    container.register(Mailer, Real)
    container.decorate(Mailer, Around, when=profile("traced"))

    assert active(container) is Real
    assert active(container) is Real


def test_injectable_takes_a_condition() -> None:
    @injectable(provides=Mailer, when=profile("test"))
    class Marked(Mailer): ...

    container = Container(profiles=["prod"])
    container.include([__name__])

    assert not container.provides(Mailer)
    assert Marked


def test_a_condition_that_raises_names_the_registration() -> None:
    container = Container(profiles=[])
    container.register(Mailer, Real, when=lambda: bool(1 / 0))

    with pytest.raises(InvalidRegistrationError, match="the condition of Mailer raised ZeroDivisionError") as caught:
        container.validate()

    assert "test_conditions.py:" in caught.value.where
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_condition_without_settings_names_the_registration() -> None:
    container = Container(profiles=[])
    container.register(Mailer, Real, when=setting(bool))

    with pytest.raises(InvalidRegistrationError, match="the container has none") as caught:
        container.validate()

    assert "setting(bool), registered at" in caught.value.where
    assert "test_conditions.py:" in caught.value.where


class Weekday:
    structural = False

    def evaluate(self, surroundings: object) -> tuple[bool, str]:
        return False, "it is Sunday"


def test_a_condition_of_the_users_own_class_decides_and_gives_the_reason() -> None:
    container = Container()
    container.register(Weekday, when=Weekday())

    (service,) = container.graph().services

    assert (service.active, service.reason) == (False, "it is Sunday")


class Evaluator:
    """A callable whose own `evaluate` has nothing to do with conditions."""

    def evaluate(self) -> bool:
        raise AssertionError

    def __call__(self) -> bool:
        return True


def test_a_callable_with_an_evaluate_of_its_own_is_called() -> None:
    container = Container()
    container.register(Mailer, Real, when=Evaluator())

    assert active(container) is Real


def test_an_object_with_nothing_but_an_evaluate_is_refused() -> None:
    container = Container()
    container.register(Mailer, Real, when=SimpleNamespace(evaluate=bool))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake

    with pytest.raises(InvalidRegistrationError, match="is not a condition"):
        container.validate()


def test_missing_conditions_keep_the_order_of_registration() -> None:
    class Late(Thing): ...

    container = Container()
    container.register(Thing, Late, name="first", when=missing(Keeper))
    container.register(Thing, name="second")

    assert list(container.resolve(vega.di.All[Thing])) != []
    assert [type(each) for each in container.resolve(vega.di.All[Thing])] == [Late, Thing]


def test_conditions_of_profiles_name_the_active_ones() -> None:
    container = Container(profiles=["a", "b"])
    container.register(Thing, when=profile("c"))

    with pytest.raises(MissingProviderError, match="active: a, b"):
        container.resolve(Thing)


def test_a_condition_is_not_asked_again_for_an_override() -> None:
    asked: list[int] = []
    container = Container({Other: Other})
    container.register(Thing, when=lambda: asked.append(1) or True)  # type: ignore[func-returns-value]  # counts
    container.resolve(Thing)

    with container.override({Other: Other()}):
        container.resolve(Thing)

    assert asked == [1]
