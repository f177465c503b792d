"""Localised messages for validation errors: by type of error, by field, by language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, final

from .._errors import ValidatorError

if TYPE_CHECKING:  # the module never imports pydantic
    from pydantic_core import ErrorDetails

Texts: TypeAlias = Mapping[str, "str | Mapping[str, str]"]


class _HasErrors(Protocol):
    def errors(self) -> Sequence[Any]: ...


@final
class Messages:
    """A catalogue of messages; errors without an entry keep the message of pydantic.

    Args:
        catalogue: by language (`de`, or `de-AT`); then by type of error, such as `missing`, or by field, with a
            mapping of messages by type. A field is a dotted path, `address.city`, or the last parts of the path; `*`
            stands for any position in a list: `lines.*.price`. In a message, `{name}` stands for a value of the
            error's `ctx`.
        language: the fallback when the requested language has no message.

    Raises:
        ValidatorError: a message is malformed, or names a value missing from the error; the latter at `errors`.

    >>> from pydantic import BaseModel, Field, ValidationError
    >>> class Input(BaseModel):
    ...     name: str = Field(min_length=2)
    >>> messages = Messages({
    ...     "en": {"string_too_short": "Write at least {min_length} characters."},
    ...     "de": {"name": {"string_too_short": "Der Name braucht {min_length} Zeichen."}},
    ... })
    >>> try:
    ...     Input(name="A")
    ... except ValidationError as error:
    ...     [entry["msg"] for language in ("en", "de-AT") for entry in messages.errors(error, language)]
    ['Write at least 2 characters.', 'Der Name braucht 2 Zeichen.']
    """

    def __init__(self, catalogue: Mapping[str, Texts], *, language: str = "en") -> None:
        self._texts = {name.lower(): dict(_read(name, texts)) for name, texts in catalogue.items()}
        self._language = language.lower()

    def errors(self, error: _HasErrors | Sequence[ErrorDetails], language: str | None = None) -> list[ErrorDetails]:
        """Return the entries of `error.errors()` with messages from the catalogue, without `input` and `url`.

        Args:
            error: pydantic's `ValidationError`, an object with a similar `errors()`, or the list of entries.
            language: the reader's language, such as `de-AT`; falls back to `de`, then to the language of the catalogue.
        """
        entries: Sequence[ErrorDetails] = error if isinstance(error, Sequence) else error.errors()
        languages = list(_fallbacks(language, self._language))
        return [self._localised(entry, languages) for entry in entries]

    def _localised(self, entry: ErrorDetails, languages: Sequence[str]) -> ErrorDetails:
        text = self._find(entry["type"], entry["loc"], languages)
        localised: dict[str, Any] = {key: value for key, value in entry.items() if key not in {"input", "url"}}
        if text is not None:
            localised["msg"] = _filled(text, entry)
        return localised  # type: ignore[return-value] # an ErrorDetails without two keys

    def _find(self, kind: str, place: Sequence[int | str], languages: Sequence[str]) -> str | None:
        """Return the message for the longest suffix of the path, in the first language with a match."""
        parts = ["*" if isinstance(part, int) else part for part in place]
        for language in languages:
            texts = self._texts.get(language, {})
            for start in range(len(parts) + 1):
                text = texts.get((".".join(parts[start:]), kind))
                if text is not None:
                    return text
        return None


def _read(language: str, texts: Texts) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each message with its path (empty for any field) and type."""
    for name, value in texts.items():
        for path, kind, text in (
            [("", name, value)] if isinstance(value, str) else [(name, kind, text) for kind, text in value.items()]
        ):
            _check(text, f"{language}: {path} {kind}")
            yield (path, kind), text


def _check(text: str, where: str) -> None:
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValidatorError(f"the text {text!r} is malformed: {error}", where, "write {{ for a brace") from error
    for name in names:
        if not name.isidentifier():
            raise ValidatorError(f"{{{name}}} is not a name", where, "write {name}, a name from the error's ctx")


def _filled(text: str, entry: ErrorDetails) -> str:
    context = entry.get("ctx", {})
    try:
        return text.format_map(context)
    except KeyError as error:
        raise ValidatorError(
            f"the text {text!r} names {error}, which an error of the type {entry['type']!r} does not have",
            ".".join(map(str, entry["loc"])),
            f"it has: {', '.join(context) or 'nothing'}",
        ) from None


def _fallbacks(language: str | None, own: str) -> Iterator[str]:
    tag = (language or own).lower().replace("_", "-")
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
    yield own
