"""A whole stream encoded in one go."""

from __future__ import annotations

from collections.abc import Iterable

from echoless.core.content import AudioContent
from echoless.volatile.speech.ports import AudioEncoder


def encode_all(encoder: AudioEncoder, pieces: Iterable[AudioContent]) -> bytes:
    encoded = [encoder.encode(piece).reveal() for piece in pieces]
    return b"".join((*encoded, encoder.finish().reveal()))
