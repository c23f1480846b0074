"""Answers are counted right however they are cut on the way."""

from __future__ import annotations

import pytest

from echoless.bench.corpus import BenchText
from echoless.bench.http_framing import HttpFraming, prepared_requests
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit
_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nabcde\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n"
)
_SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nabcdefg"


@pytest.mark.parametrize(("answer", "audio_bytes"), [(_CHUNKED, 21), (_SIZED, 7)], ids=["chunked", "sized"])
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 50, 1000])
def test_an_answer_is_complete_at_its_last_byte(answer: bytes, audio_bytes: int, piece: int) -> None:
    framing = HttpFraming([b"request"])
    assert framing.request(0) == b"request"
    total = 0
    for start in range(0, len(answer), piece):
        count, is_complete = framing.feed(memoryview(answer[start : start + piece]))
        total += count
        assert is_complete is (start + piece >= len(answer))
    assert total == audio_bytes


def test_one_connection_takes_one_answer_after_the_other() -> None:
    framing = HttpFraming([b"one", b"two"])
    for job_index, answer, audio_bytes in ((0, _CHUNKED, 21), (1, _SIZED, 7), (0, _CHUNKED, 21)):
        framing.request(job_index)
        assert framing.feed(memoryview(answer)) == (audio_bytes, True)


def test_an_answer_other_than_audio_is_an_error() -> None:
    framing = HttpFraming([b"request"])
    framing.request(0)
    with pytest.raises(EcholessError, match="status 429"):
        framing.feed(memoryview(b"HTTP/1.1 429 Too Many\r\ncontent-length: 2\r\n\r\n{}"))


def test_an_endless_head_is_an_error() -> None:
    framing = HttpFraming([b"request"])
    framing.request(0)
    with pytest.raises(EcholessError, match="endless"):
        framing.feed(memoryview(b"x" * 20_000))


@pytest.mark.parametrize(("is_zero", "has_switch"), [(True, True), (False, False)])
def test_a_request_asks_for_its_mode(is_zero: bool, has_switch: bool) -> None:
    (request,) = prepared_requests(
        "http://127.0.0.1:9", "key", [BenchText("voice", "en", "words")],
        suffix="/stream", output_format="pcm_22050", is_zero=is_zero,
    )  # fmt: skip
    line = request.split(b"\r\n", 1)[0]
    assert line.startswith(b"POST /v1/text-to-speech/voice/stream?output_format=pcm_22050")
    assert (b"enable_logging=false" in line) is has_switch
    assert b'"text": "words"' in request
