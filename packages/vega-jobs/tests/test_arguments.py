"""Arguments of jobs: by name, and with annotations that cannot be read."""

import pytest

from vega.jobs import JobPayloadError, background_job, bound_arguments


@background_job(name="arguments.any")
async def anything(key: str, **further: str) -> str:
    return key


@background_job(name="arguments.unnamed")
async def unnamed(*keys: str) -> None: ...


@background_job(name="arguments.unknown_hint")
async def unknown_hint(key: "NoSuchType") -> None: ...  # type: ignore[name-defined]  # noqa: F821 - a name for checkers only


def test_further_arguments_go_along_by_name() -> None:
    assert bound_arguments(anything, ("1",), {"colour": "red"}) == {"key": "1", "colour": "red"}


def test_a_parameter_without_a_name_is_refused() -> None:
    with pytest.raises(JobPayloadError, match="no name in a payload"):
        bound_arguments(unnamed, ("1",), {})


def test_an_annotation_for_checkers_alone_is_no_data() -> None:
    assert bound_arguments(unknown_hint, (), {}) == {}
