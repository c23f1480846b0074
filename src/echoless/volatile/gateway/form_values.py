"""Values in forms: text that stands for JSON, as clients write it.

Some clients encode a text twice, write a list as one JSON array or as repeated fields, or write a word without its
quotes. All of these mean the same.
source: the wire contract, speech to text, section 1.2
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.bodies import names_switch
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError, misplaced_switch


def json_value(name: str, text: str) -> Any:
    """Return the JSON value in a field; one that was encoded twice is decoded twice.

    raises: UnprocessableError naming the field, never its value
    """
    value = _decoded(name, text)
    return _decoded(name, value) if isinstance(value, str) else value


def words(texts: Sequence[str]) -> list[str]:
    """Return the words of a field that may be repeated, each a plain word, a JSON text or a JSON list of texts."""
    found: list[str] = []
    for text in texts:
        value = _decoded_or_plain(text)
        found += [str(word) for word in value if word is not None] if isinstance(value, list) else [value]
    return [word for word in found if word]


def check_no_switch(call: Call, members: dict[str, Any]) -> None:
    """Refuse a switch inside the JSON of a form.

    raises: UnprocessableError
    """
    if names_switch(members):
        # As for a misplaced one in the query: whoever sent it wanted nothing kept, and nothing is.
        call.mode = RetentionMode.ZERO
        raise misplaced_switch()


def check_stored(call: Call, *stores: bool | None) -> None:
    """Refuse `store=false`, OpenAI's word elsewhere for what the switch does here.

    raises: UnprocessableError
    """
    if False in stores:
        call.mode = RetentionMode.ZERO
        raise misplaced_switch()


def _decoded(name: str, text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False, cache_strings="none")
    except ValueError:
        pass
    raise UnprocessableError([FieldError(("body", name), "The value is not JSON.", "json_invalid")])


def _decoded_or_plain(text: str) -> Any:
    """Return a list or a text that is written as JSON, and anything else as it stands."""
    if text[:1] not in {"[", '"'}:
        return text
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="none")
    except ValueError:
        return text
    return value if isinstance(value, list | str) else text
