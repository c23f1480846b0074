"""The OpenAPI document, made from the served routes and their schemas.

source: OpenAPI Specification 3.1
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from echoless.core.voices import VOICES
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.base import Body

_API_VERSION: Final = "1"
_REFERENCE: Final = "#/components/schemas/{model}"
_PROBLEMS: Final = {
    "400": "A combination that is not allowed, or zero retention where it cannot be had",
    "401": "No key, an unknown key, a missing permission, or a spent quota",
    "403": "Zero retention is not permitted",
    "404": "Unknown id, or a product that this server does not offer",
    "408": "The body did not arrive in time",
    "413": "The body is too large",
    "422": "Fields do not fit the schema",
    "429": "Too many requests at once; `retry-after` says when to come again",
    "500": "A fault of the server",
    "503": "A part of the server restarts; `retry-after` says when to come again",
}
_TEXT: Final = {"type": "string"}
_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "type": "object",
            "required": ["type", "code", "status", "message", "request_id"],
            "properties": dict.fromkeys(
                ("type", "code", "status", "message", "param", "request_id", "capsule"), _TEXT
            ),
        }
    },
}
_FIELDS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {"loc": {"type": "array"}, "msg": _TEXT, "type": _TEXT},
            },
        }
    },
}


def build_openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the document for these routes."""
    listed = tuple(routes)
    named = [schema for route in listed for schema in (route.body, route.form) if schema is not None]
    bodies: tuple[type[Body], ...] = tuple(dict.fromkeys(named))
    _, definitions = models_json_schema([(body, "validation") for body in bodies], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        endpoint = route.endpoint
        paths.setdefault(endpoint.template, {})[endpoint.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Echoless", "version": _API_VERSION, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM_SCHEMA, "FieldProblem": _FIELDS_SCHEMA},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "xi-api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


_DESCRIPTION: Final = (
    "Speech for clients of the ElevenLabs API. `enable_logging=false` in the query asks for zero retention of one "
    "request; the header `x-echoless-retention` of the answer says what was done."
)


def _operation(route: Route) -> dict[str, Any]:
    endpoint = route.endpoint
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__name__ + "_" + endpoint.method.lower() + _path_word(endpoint.template),
        "tags": [endpoint.product.value],
        "x-retention-class": endpoint.retention_class.value,
        "parameters": [*_path_parameters(endpoint.template), *_query_parameters(route)],
        "responses": _responses(route),
        "security": [] if route.is_public else [{"key": []}, {"bearer": []}],
    }
    if route.body is not None:
        schema = {"$ref": _REFERENCE.format(model=route.body.__name__)}
        operation["requestBody"] = {
            "required": route.is_body_required,
            "content": {"application/json": {"schema": schema}},
        }
    if route.form is not None:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _form(route)}}}
    return operation


def _form(route: Route) -> dict[str, Any]:
    """Return a form's fields and its files."""
    assert route.form is not None
    files = {name: {"type": "string", "format": "binary"} for name in route.form_files}
    required = list(files) if route.is_file_required else []
    beside = {"type": "object", "required": required, "properties": files}
    return {"allOf": [{"$ref": _REFERENCE.format(model=route.form.__name__)}, beside]}


def _path_word(template: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in template)


def _path_parameters(template: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
    return [_path_parameter(name) for name in names]


def _path_parameter(name: str) -> dict[str, Any]:
    parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    # A voice that every server has, so that the page can be tried at once.
    return parameter | ({"example": VOICES[0].catalogue_id} if name == "voice" else {})


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(ref_template=_REFERENCE)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _unlabelled(value)}
        for name, value in schema["properties"].items()
    ]


def _unlabelled(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop titles, and null as a choice: a query has no null."""
    plain = {name: value for name, value in schema.items() if name != "title"}
    choices = [choice for choice in plain.pop("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        plain |= choices[0]
    elif choices:
        plain["anyOf"] = choices
    if plain.get("default", ...) is None:
        del plain["default"]
    return plain


def _responses(route: Route) -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    content = {kind: {"schema": {} if kind == "application/json" else binary} for kind in route.media_types}
    responses: dict[str, Any] = {"200": {"description": "As asked", "content": content}}
    for status, description in _PROBLEMS.items():
        name = "FieldProblem" if status == "422" else "Problem"
        schema = {"$ref": _REFERENCE.format(model=name)}
        responses[status] = {"description": description, "content": {"application/json": {"schema": schema}}}
    return responses
