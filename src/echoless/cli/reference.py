"""The table of all settings, made from the configuration itself; docs/CONFIGURATION.md holds it."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from echoless.supervisor.config import KEY_FILE_KEY, KEY_FILE_MEANING, VARIABLE_PREFIX, ServerConfig

_DEFAULTS_IN_WORDS = {
    "data": "`$XDG_DATA_HOME/echoless`, else `~/.local/share/echoless`",
    "engines": "as many as cores",
    "media_engines": "as many as cores",
}


def reference_rows() -> list[tuple[str, str, str, str]]:
    """Return key, values, default and meaning of each setting, in the order of the configuration."""
    rows = [
        (name, _values(field.annotation), _default(name), field.description or "")
        for name, field in ServerConfig.model_fields.items()
    ]
    place = list(ServerConfig.model_fields).index("api_key")
    return [*rows[:place], (KEY_FILE_KEY, "text", "not set", KEY_FILE_MEANING), *rows[place:]]


def reference_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| key | variable | values | default | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| `{name}` | `{VARIABLE_PREFIX}{name.upper()}` | {values} | {default} | {meaning} |"
        for name, values, default, meaning in reference_rows()
    ]
    return "\n".join(lines) + "\n"


def _values(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if origin is Annotated:
        return _values(get_args(annotation)[0])
    if origin is types.UnionType:
        return _values(next(part for part in get_args(annotation) if part is not type(None)))
    if origin is dict:
        return f"table of {_values(get_args(annotation)[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "tables"
    words = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`", SecretStr: "text, secret"}
    return words[annotation]


def _default(name: str) -> str:
    field = ServerConfig.model_fields[name]
    if name in _DEFAULTS_IN_WORDS:
        return _DEFAULTS_IN_WORDS[name]
    if field.default is PydanticUndefined:
        return "empty"
    if field.default is None or field.default == "":
        return "not set"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
