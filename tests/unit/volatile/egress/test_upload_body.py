"""A form with a recording that is sent as it comes."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator

import pytest
from multipart import MultipartParser

from echoless.volatile.egress.upload_body import UploadBody, wave_header

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_any_server_reads_the_form() -> None:
    recording = b"\r\n--recorded\x00\xff" * 100
    form = UploadBody(
        [("model", "m-1"), ("term", "ä"), ("term", "b")], "file", pieces_of(recording[:7], recording[7:])
    )
    data = b"".join([piece async for piece in form])
    boundary = form.content_type.partition("boundary=")[2]
    parts = [(part.name, part.raw) for part in MultipartParser(io.BytesIO(data), boundary)]
    assert parts == [("model", b"m-1"), ("term", "ä".encode()), ("term", b"b"), ("file", recording)]


async def test_pieces_pass_one_by_one() -> None:
    """C17: nothing is gathered."""
    taken: list[int] = []

    async def counted() -> AsyncIterator[bytes]:
        for index in range(3):
            taken.append(index)
            yield b"piece"

    form = aiter(UploadBody([], "file", counted()))
    await anext(form)
    assert taken == []
    await anext(form)
    assert taken == [0]


def test_the_head_of_a_wave_file_says_what_follows() -> None:
    head = wave_header(16000)
    assert len(head) == 44
    with wave.open(io.BytesIO(head + bytes(3200))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
