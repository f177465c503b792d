"""The fields of `vega generate`: `price:decimal:min=0`, readable by every shell without quotes."""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, cast
from uuid import UUID

from .._errors import InvalidFieldError


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """A type of fields.

    Args:
        name: the word on the command line.
        annotation: the Python annotation.
        imports: the import line of the annotation, or empty.
        samples: two Python literals of the type, for generated tests, in ascending order.
        json_samples: the samples as Python literals of their JSON form.
        measured: the quantity limited by `min=` and `max=`: `value`, `length`, or empty.
    """

    name: str
    annotation: str
    imports: str
    samples: tuple[str, str]
    json_samples: tuple[str, str]
    measured: str


def _type(name: str, annotation: str, samples: tuple[str, str], **rest: object) -> FieldType:
    json_samples = cast("tuple[str, str]", rest.get("json", samples))  # guaranteed by the table below
    return FieldType(
        name=name,
        annotation=annotation,
        imports=str(rest.get("imports", "")),
        samples=samples,
        json_samples=json_samples,
        measured=str(rest.get("measured", "")),
    )


FIELD_TYPES: Final[dict[str, FieldType]] = {
    kind.name: kind
    for kind in (
        _type("str", "str", ('"Ada"', '"Grace"'), measured="length"),
        _type("text", "str", ('"Ada wrote it"', '"Grace read it"'), measured="length"),
        _type("int", "int", ("7", "11"), measured="value"),
        _type("float", "float", ("1.5", "2.5"), measured="value"),
        _type("bool", "bool", ("False", "True")),
        _type(
            "decimal",
            "Decimal",
            ('Decimal("9.50")', 'Decimal("12.00")'),
            json=('"9.50"', '"12.00"'),
            imports="from decimal import Decimal",
            measured="value",
        ),
        _type(
            "date",
            "date",
            ("date(2026, 1, 2)", "date(2026, 3, 4)"),
            json=('"2026-01-02"', '"2026-03-04"'),
            imports="from datetime import date",
        ),
        _type(
            "datetime",
            "datetime",
            (
                'datetime.fromisoformat("2026-01-02T03:04:00+00:00")',
                'datetime.fromisoformat("2026-03-04T05:06:00+00:00")',
            ),
            json=('"2026-01-02T03:04:00Z"', '"2026-03-04T05:06:00Z"'),
            imports="from datetime import datetime",
        ),
        _type(
            "uuid",
            "UUID",
            (
                'UUID("6f2c1f0e-0d3b-4a38-9a55-1f2b3c4d5e6f")',
                'UUID("7a2c1f0e-0d3b-4a38-9a55-1f2b3c4d5e6f")',
            ),
            json=('"6f2c1f0e-0d3b-4a38-9a55-1f2b3c4d5e6f"', '"7a2c1f0e-0d3b-4a38-9a55-1f2b3c4d5e6f"'),
            imports="from uuid import UUID",
        ),
    )
}
_LENGTH: Final = 10_000  # characters that a text may have where its field states no maximum
_OPTIONS = ("optional", "unique", "private", "public")
_BOUNDS = ("min", "max")
_FORM = "write name:type[=default][:optional][:unique][:private][:public][:min=N][:max=N], such as price:decimal:min=0"
_SECRET: Final = re.compile(r"(?:.*_)?(?:password|secret|api_key|private_key|hash|token)")
_TAKEN = frozenset({"id", "self", "metadata", "event_id", "timestamp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A field of an entity, parsed from the command line.

    Args:
        name: an identifier in lower case; `id` is reserved.
        type: a member of `FIELD_TYPES`.
        optional: whether the value may be missing (None).
        unique: whether no two entities may share the value.
        minimum: the minimum value, or the minimum length of a text; None for no bound.
        maximum: the maximum value, or the maximum length of a text; None for no bound, which is 10,000 characters of
            a text.
        default: the default as a Python literal, or None.
        private: whether the value is kept out of responses, filters, logs and GraphQL. Where neither `private` nor
            `public` is stated, the last word of the name decides: password, secret, api_key, private_key, hash, token.
    """

    name: str
    type: FieldType
    optional: bool = False
    unique: bool = False
    minimum: str | None = None
    maximum: str | None = None
    default: str | None = None
    private: bool = False

    @classmethod
    def parse(cls, text: str) -> FieldSpec:
        """Parse a field.

        Raises:
            InvalidFieldError: the form, name, type, option or bound is wrong.

        >>> FieldSpec.parse("price:decimal:min=0").minimum
        '0'
        >>> FieldSpec.parse("password_hash:str").private, FieldSpec.parse("commit_hash:str:public").private
        (True, False)
        """
        name, *rest = text.split(":")
        _check_name(name, text)
        kind, _, default = (rest[0] if rest else "").partition("=")
        if kind not in FIELD_TYPES:
            raise InvalidFieldError(
                f"{kind!r} is not a type of a field" if kind else "the field has no type",
                text,
                f"{_FORM}; types: {', '.join(FIELD_TYPES)}",
            )
        options = _Options.read(rest[1:], FIELD_TYPES[kind], text)
        literal = _literal(FIELD_TYPES[kind], default, text) if default else None
        return cls(
            name=name,
            type=FIELD_TYPES[kind],
            optional=options.optional,
            unique=options.unique,
            minimum=options.minimum,
            maximum=options.maximum,
            default=literal,
            private=options.private or (not options.public and _SECRET.fullmatch(name) is not None),
        )

    @property
    def annotation(self) -> str:
        """The annotation in an entity: `Decimal`, or `Decimal | None` for an optional field."""
        return f"{self.type.annotation} | None" if self.optional else self.type.annotation

    @property
    def initial(self) -> str | None:
        """The default in an entity as a Python literal, or None if the value is required."""
        if self.default is not None:
            return self.default
        return "None" if self.optional else None

    @property
    def rules(self) -> tuple[str, ...]:
        """The bounds as keyword arguments of pydantic's `Field`."""
        low, high = ("ge", "le") if self.type.measured == "value" else ("min_length", "max_length")
        bounds = ((low, self.minimum), (high, self.maximum or self._longest))
        return tuple(f"{word}={self._bound(value)}" for word, value in bounds if value is not None)

    @property
    def model_line(self) -> str:
        """The line of a pydantic model that takes the field from a client."""
        options = (*self.rules, *(("repr=False",) if self.private else ()))
        default = (f"default={self.initial}",) if self.initial is not None else ()
        if options:
            return f"{self.name}: {self.annotation} = Field({', '.join((*default, *options))})"
        return f"{self.name}: {self.annotation}" + (f" = {self.initial}" if default else "")

    @property
    def _longest(self) -> str | None:
        return str(_LENGTH) if self.type.measured == "length" else None

    def _bound(self, value: str) -> str:
        return f'Decimal("{value}")' if self.type.name == "decimal" and "." in value else value

    def sample(self, number: int, *, json: bool = False) -> str:
        """Return a literal within the bounds, for a generated test.

        Args:
            number: 0 or 1; the two samples differ if the bounds allow it.
            json: whether to return the JSON form.
        """
        if self.type.measured == "length":
            return _text_of(self.type.samples[number], self.minimum, self.maximum)
        if self.minimum is None and self.maximum is None:
            return (self.type.json_samples if json else self.type.samples)[number]
        return _number_of(self, number, json=json)


def _check_name(name: str, text: str) -> None:
    if not (name.isascii() and name.isidentifier() and name == name.lower()) or name.startswith("_"):
        raise InvalidFieldError(f"{name!r} is not the name of a field", text, _FORM)
    if keyword.iskeyword(name) or name in _TAKEN:
        raise InvalidFieldError(f"{name!r} cannot be the name of a field", text, "choose another name")


@dataclass(slots=True)
class _Options:
    optional: bool = False
    unique: bool = False
    private: bool = False
    public: bool = False
    minimum: str | None = None
    maximum: str | None = None

    @classmethod
    def read(cls, words: list[str], kind: FieldType, text: str) -> _Options:
        options = cls()
        for word in words:
            key, sign, value = word.partition("=")
            if key in _OPTIONS and not sign:
                setattr(options, key, True)
            elif key in _BOUNDS and sign:
                setattr(options, f"{key}imum", _checked_bound(value, kind, text))
            else:
                raise InvalidFieldError(f"{word!r} is not an option of a field", text, _FORM)
        if options.private and options.public:
            raise InvalidFieldError("the field is both private and public", text, "choose one of the two")
        largest = options.maximum or (str(_LENGTH) if kind.measured == "length" else None)
        if options.minimum and largest and Decimal(options.minimum) > Decimal(largest):
            raise InvalidFieldError(f"min is larger than max, which is {largest}", text, _FORM)
        return options


def _checked_bound(value: str, kind: FieldType, text: str) -> str:
    if not kind.measured:
        raise InvalidFieldError(f"a {kind.name} has no min and max", text, _FORM)
    whole = kind.measured == "length" or kind.name == "int"
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise InvalidFieldError(f"{value!r} is not a number", text, _FORM) from None
    if not number.is_finite() or (whole and number != number.to_integral_value()):
        raise InvalidFieldError(
            f"{value!r} is not a whole number" if whole else f"{value!r} is not finite", text, _FORM
        )
    if kind.measured == "length" and number < 0:
        raise InvalidFieldError("a length is not negative", text, _FORM)
    return str(int(number)) if whole else value


def _literal(kind: FieldType, value: str, text: str) -> str:
    """Return a default as a Python literal, checked against the type."""
    readers = {
        "int": lambda: str(int(value)),
        "float": lambda: repr(float(value)),
        "bool": lambda: {"true": "True", "false": "False"}[value.lower()],
        "decimal": lambda: f'Decimal("{Decimal(value)}")',
        "date": lambda: "date({}, {}, {})".format(*date.fromisoformat(value).timetuple()[:3]),
        "uuid": lambda: f'UUID("{UUID(value)}")',
    }
    if kind.name == "datetime":
        raise InvalidFieldError("a datetime takes no default here", text, "write it into the entity by hand")
    try:
        return readers.get(kind.name, lambda: json.dumps(value, ensure_ascii=False))()
    except (ValueError, KeyError, InvalidOperation):
        raise InvalidFieldError(f"{value!r} is not a {kind.name}", text, _FORM) from None


def _text_of(sample: str, minimum: str | None, maximum: str | None) -> str:
    shortest, longest = int(minimum or 1), int(maximum or _LENGTH)
    base = sample.strip('"')
    return f'"{(base * (shortest // len(base) + 1))[: max(shortest, min(len(base), longest))]}"'


def _number_of(field: FieldSpec, number: int, *, json: bool) -> str:
    low = Decimal(field.minimum) if field.minimum is not None else None
    high = Decimal(field.maximum) if field.maximum is not None else None
    value = low + number if low is not None else high - (1 - number) if high is not None else Decimal(number)
    if high is not None and value > high:
        value = high
    if field.type.name == "decimal":
        return f'"{value}"' if json else f'Decimal("{value}")'
    return str(float(value)) if field.type.name == "float" else str(int(value))
