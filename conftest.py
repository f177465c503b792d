"""Settings of all tests: how often property tests draw, and which tests one interpreter is enough for.

Property tests draw 100 examples each, 500 when `VEGA_FULL` is set, 25 when `VEGA_BRIEF` is. A test that wants more or
fewer says so as a multiple: `@settings(max_examples=3 * settings().max_examples)`.

A test that starts processes, servers, browsers or installers is marked `once`; the fixtures below mark theirs. The
further cases of a matrix, a corpus or a list of seeds are marked `full`: they run when `VEGA_FULL` is set.
"""

import os

import pytest

STARTING = {
    *("installed", "postgres_server", "postgres_url", "redis_server", "redis_url", "served"),
    *("start_server", "start_valkey", "vega", "wheels"),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark `once` each test that gets a process from a fixture; leave tests marked `full` out unless they are wanted.

    The PostgreSQL variant of a parametrised fixture is marked, too.
    """
    further = [] if os.environ.get("VEGA_FULL") else [item for item in items if item.get_closest_marker("full")]
    if further:
        config.hook.pytest_deselected(items=further)
        items[:] = [item for item in items if item not in further]
    for item in items:
        variant = getattr(item, "callspec", None)
        is_server = variant is not None and "postgresql" in map(str, variant.params.values())
        if is_server or STARTING & set(getattr(item, "fixturenames", ())):
            item.add_marker("once")


try:
    from hypothesis import settings
except ImportError:  # a package whose tests draw nothing
    pass
else:
    settings.register_profile("ci", deadline=None, print_blob=True)
    settings.register_profile("full", parent=settings.get_profile("ci"), max_examples=500)
    settings.register_profile("brief", parent=settings.get_profile("ci"), max_examples=25)
    chosen = [name for name in ("full", "brief") if os.environ.get(f"VEGA_{name.upper()}")]
    settings.load_profile(chosen[0] if chosen else "ci")
