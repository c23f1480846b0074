"""Each form finds its word inside a longer text."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import msgspec
import pytest

from echoless.audit.search.encodings import TEXT_FORMS, base64_at

pytestmark = pytest.mark.unit
LATIN, CYRILLIC = "qojaxubirami", "фычочоцичаша"


@pytest.mark.parametrize("word", [LATIN, CYRILLIC])
@pytest.mark.parametrize("before", ["", "a", "ab", "some text "])
def test_every_form_is_found_inside_a_longer_text(word: str, before: str) -> None:
    text = f"{before}{word} and more"
    containers = {
        "utf-8": text.encode(),
        "utf-16": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "utf-32": text.encode("utf-32-le"),
        "utf-32-be": text.encode("utf-32-be"),
        "json": json.dumps({"text": text}).encode(),
        "url": quote(text).encode(),
        "hex": text.encode().hex().encode(),
        "character list": msgspec.msgpack.encode(list(text)),
        "json list": json.dumps(list(text), ensure_ascii=False, separators=(",", ":")).encode(),
        "json list, spaced": json.dumps(list(text), ensure_ascii=False).encode(),
    }
    for form, data in containers.items():
        assert TEXT_FORMS[form](word) in data, form
    phase = len(before.encode()) % 3
    assert TEXT_FORMS[f"base64-{phase}"](word) in base64.b64encode(text.encode())


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(3))
def test_base64_depends_on_the_word_alone(before: int, after: int) -> None:
    text = base64.b64encode(b"\xff" * before + LATIN.encode() + b"\xff" * after)
    assert base64_at(before % 3, LATIN.encode()) in text


def test_the_forms_are_all_there() -> None:
    assert {"utf-8", "utf-16", "utf-32", "json", "base64-0", "base64-1", "base64-2"} <= set(TEXT_FORMS)
