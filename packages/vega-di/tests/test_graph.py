"""The graph can be read: as JSON, as a Mermaid diagram, in words, as generated source."""

import json

from vega.di import Container, Lazy, Named, Scope, profile


class Thing: ...


class Session: ...


class Repo:
    def __init__(self, session: Session) -> None: ...


class Handler:
    def __init__(self, repo: Repo, again: Repo) -> None: ...


async def session() -> Session:
    return Session()


def make() -> Container:
    container = Container(profiles=[])
    container.register_factory(Session, session, scope=Scope.SCOPED)
    container.register(Repo, scope=Scope.SCOPED)
    container.register(Handler)
    container.register(Repo, Repo, when=profile("test"), name='"]; click me')
    return container


def test_json_holds_every_registration_with_reason_place_and_needs() -> None:
    services = json.loads(make().graph().to_json())["services"]

    by_key = {(each["key"], each["active"]): each for each in services}
    repo, handler = by_key["Repo", True], by_key["Handler", True]
    assert handler["needs"] == [repo["id"], repo["id"]]
    assert "test_graph.py:" in repo["where"]
    assert by_key["Session", True]["kind"] == "awaited"
    assert by_key["Repo", False]["reason"] == "profile test; active: none"


def test_mermaid_draws_arrows_and_marks_the_inactive() -> None:
    text = make().graph().to_mermaid()

    assert text.startswith("flowchart LR\n")
    assert '["Repo / scoped"]' in text
    assert " --> " in text
    assert "class n3 inactive" in text
    assert 'click me"' not in text.replace("#93;#59; click me", "")


def test_explain_tells_how_and_why() -> None:
    container = make()

    text = container.explain(Handler)

    assert text.splitlines()[0].startswith("Handler: called, a new one for each use, registered at")
    assert "  repo: Repo: called, once for each scope" in text
    assert "    session: Session (session): awaited" in text
    assert "again: Repo: called, once for each scope (see above)" in text
    assert "It has to be awaited (aresolve), because of Session (session)." in text
    assert "It needs an open scope." in text


def test_plan_source_shows_the_generated_function() -> None:
    container = make()

    assert container.plan_source(Handler).startswith("async def plan(_s):")
    assert Container({Session: Session}).plan_source(Session) == "def plan():\n    return _c0()\n"


def test_lazy_and_named_services_are_written_so() -> None:
    class Holder:
        def __init__(self, repo: Lazy[Session]) -> None: ...

    container = Container({Holder: Holder})
    container.register(Session)
    container.register_named(Session, "main", Session)

    assert "Lazy[Session]" in container.explain(Holder)
    assert container.explain(Session, name="main").startswith("Session named 'main'")
    assert repr(Named("x")) == "Named(name='x')"


def test_a_diagram_without_inactive_services_styles_none() -> None:
    assert "inactive" not in Container({Thing: Thing}).graph().to_mermaid()
