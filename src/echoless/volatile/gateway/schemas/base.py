"""What all wire schemas share: unknown fields ignored, null means absent, errors without the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from echoless.volatile.gateway.problems import FieldError, UnprocessableError

# Kinds whose message is made of our own schema and of counts. All others get a constant text.
_QUOTED_KINDS: Final = frozenset(
    {
        "missing", "string_type", "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing",
        "bool_type", "bool_parsing", "list_type", "dict_type", "less_than",
        "less_than_equal", "greater_than", "greater_than_equal", "literal_error", "too_long", "too_short",
        "string_too_long", "string_too_short", "finite_number",
    }
)  # fmt: skip
Unit = Annotated[float, Field(ge=0, le=1)]
_OTHERWISE: Final = "The value does not fit here."
_LANGUAGE: Final = "A language is its ISO 639 code, such as en or eng."
# What a value that does not match the pattern of its field should look like, by the field's name.
_PATTERNS: Final = {"language_code": _LANGUAGE, "language": _LANGUAGE}
# pydantic's own words name our classes, which mean nothing to a client.
_TOLD_INSTEAD: Final = {
    **dict.fromkeys(("model_type", "model_attributes_type"), "The value is not a JSON object."),
    "extra_forbidden": "There is no such member here; nothing was changed.",
}


class Schema(BaseModel):
    """Base of query and body schemas. It prints as its name."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
        cache_strings="none",
        hide_input_in_errors=True,
        protected_namespaces=(),
    )
    WHERE: ClassVar[str]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    @classmethod
    def checked(cls, values: dict[str, Any]) -> Self:
        """Return the values as this schema.

        raises: UnprocessableError with places and kinds, without values
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            fields = _field_errors(cls, error)
        raise UnprocessableError(fields)


class Body(Schema):
    """Base of JSON bodies. A member that is null is absent."""

    WHERE = "body"

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if value is not None}


class Query(Schema):
    """Base of queries. A list gathers repeats; of anything else the last one counts."""

    WHERE = "query"

    @classmethod
    def parse(cls, pairs: Sequence[tuple[str, str]]) -> Self:
        """Return the pairs as this schema.

        raises: UnprocessableError
        """
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in cls.lists():
                values.setdefault(name, []).append(value)
            elif name in cls.model_fields:
                values[name] = value
        return cls.checked(values)

    @classmethod
    def lists(cls) -> frozenset[str]:
        """Names of the parameters that may be repeated."""
        return frozenset()


def _field_errors(schema: type[Schema], error: ValidationError) -> list[FieldError]:
    items = error.errors(include_url=False, include_context=False, include_input=False)
    names = known_names(schema)
    found = []
    for item in items[:32]:
        # A part of a place that is no name of ours is a key that the client chose.
        place = tuple(part for part in item["loc"] if isinstance(part, int) or part in names)
        kind = item["type"]
        message = item["msg"] if kind in _QUOTED_KINDS else _TOLD_INSTEAD.get(kind, _OTHERWISE)
        if kind == "string_pattern_mismatch" and place:
            message = _PATTERNS.get(str(place[-1]), message)
        found.append(FieldError((schema.WHERE, *place), message, kind))
    return found


def known_names(schema: type[BaseModel]) -> set[str]:
    """Return all field names of a schema and of the schemas inside it."""
    names: set[str] = set()
    for name, info in schema.model_fields.items():
        names.add(name)
        if info.alias:
            names.add(info.alias)
        names.update(*(known_names(inner) for inner in _inner_schemas(info.annotation)))
    return names


def _inner_schemas(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for part in getattr(annotation, "__args__", ()) for inner in _inner_schemas(part)]
