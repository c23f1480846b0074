"""Speech as bodies of responses."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.content import AudioContent
from echoless.volatile.gateway.renderings import StreamedTimestamps, WholeTimestamps
from tests.fakes.fake_engine import alignment_of

pytestmark = pytest.mark.unit
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.lists(st.binary(max_size=50), max_size=8), st.lists(TEXTS, max_size=4))
def test_whole_object_is_json_with_all_audio_and_all_characters(chunks: list[bytes], texts: list[str]) -> None:
    rendering = WholeTimestamps()
    for text in texts:
        rendering.times(alignment_of(text))
    pieces = [rendering.audio(AudioContent(chunk)) for chunk in chunks]
    answer = json.loads(b"".join([*pieces, rendering.end()]))
    assert base64.b64decode(answer["audio_base64"], validate=True) == b"".join(chunks)
    if texts:
        assert "".join(answer["alignment"]["characters"]) == "".join(texts)
        assert all(len(character) == 1 for character in answer["alignment"]["characters"])
        assert len(answer["alignment"]["character_end_times_seconds"]) == len("".join(texts))
    else:
        assert answer["alignment"] is None


def test_whole_object_holds_back_at_most_two_bytes() -> None:
    rendering, sent = WholeTimestamps(), b""
    for index in range(50):
        sent += rendering.audio(AudioContent(b"abcdefg"))
        audio_sent = base64.b64decode(sent.removeprefix(b'{"audio_base64":"'))
        assert (index + 1) * 7 - len(audio_sent) <= 2


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=50), TEXTS), max_size=10))
def test_lines_have_each_piece_once_in_order(parts: list[bytes | str]) -> None:
    rendering, sent = StreamedTimestamps(), b""
    for part in parts:
        if isinstance(part, str):
            rendering.times(alignment_of(part))
        else:
            sent += rendering.audio(AudioContent(part))
    lines = [json.loads(line) for line in (sent + rendering.end()).splitlines()]
    audio = b"".join(base64.b64decode(line["audio_base64"], validate=True) for line in lines)
    assert audio == b"".join(part for part in parts if isinstance(part, bytes))
    characters = [
        character for line in lines for character in (line["alignment"] or {"characters": []})["characters"]
    ]
    assert "".join(characters) == "".join(part for part in parts if isinstance(part, str))
