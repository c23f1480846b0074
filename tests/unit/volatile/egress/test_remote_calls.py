"""Audio of a remote on its way back: it must begin as its format does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError
from echoless.volatile.egress.remote_calls import checked_audio

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def checked(name: str, *pieces: bytes) -> list[bytes]:
    return [piece async for piece in checked_audio(pieces_of(*pieces), AUDIO_FORMATS[name])]


async def test_a_beginning_in_pieces_is_put_together_and_the_rest_passes() -> None:
    assert await checked("opus_48000_32", b"O", b"gg", b"S...", b"more", b"x") == [b"OggS...", b"more", b"x"]


async def test_what_begins_as_something_else_does_not_pass() -> None:
    for pieces in ([b"RIFF", b"...."], [b"{}"], [b"Ogg"], [], [b"x" * 5000, b"OggS"]):
        with pytest.raises(EcholessError):
            await checked("opus_48000_32", *pieces)
