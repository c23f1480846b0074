"""`python -m echoless.volatile.service.bare SOCKET FORMAT`: engine and encoder alone, for the benchmark.

No wall, no planning of texts, no records: what is measured here is what the engine and the encoder cost by
themselves, with a new encoder and the same removal of residue for each job. One job at a time; the first encoded
bytes go out as soon as there are any.

    in:   length as 4 bytes, big endian, then catalogue id and text in UTF-8, parted by a line feed
    out:  pieces, each with its length as 4 bytes before it; a length of 0 ends the job
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat
from echoless.core.content import AudioContent, TextContent
from echoless.core.voices import VOICE_BY_ID
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.speech.ports import Delivery, EngineVoice, Utterance

_LENGTH: Final = struct.Struct(">I")
_BATCH_BYTES: Final = 32 * 1024


def main(arguments: Sequence[str]) -> int:
    """Serve jobs until the other end is closed."""
    descriptor, format_name = arguments
    engine = EspeakEngine()
    with socket.socket(fileno=int(descriptor)) as end:
        end.sendall(_LENGTH.pack(0))
        while (header := _exactly(end, _LENGTH.size)) is not None:
            job = _exactly(end, _LENGTH.unpack(header)[0])
            if job is None:
                break
            catalogue_id, _, text = job.decode().partition("\n")
            _speak(engine, catalogue_id, text, AUDIO_FORMATS[format_name], end)
            end.sendall(_LENGTH.pack(0))
    engine.close()
    return 0


def _speak(
    engine: EspeakEngine, catalogue_id: str, text: str, audio_format: AudioFormat, end: socket.socket
) -> None:
    """Speak and encode one text, piece by piece; the first bytes at once, later ones in batches."""
    voice = VOICE_BY_ID[catalogue_id]
    spoken_as = EngineVoice(
        voice.engine_name, voice.language, voice.pitch, voice.pitch_range, voice.words_per_minute
    )
    encoder = new_encoder(audio_format, engine.sample_rate_hz)
    waiting = bytearray()
    has_sent = False

    def send(is_last: bool) -> None:
        nonlocal has_sent
        if waiting and (is_last or not has_sent or len(waiting) >= _BATCH_BYTES):
            end.sendall(_LENGTH.pack(len(waiting)) + waiting)
            waiting.clear()
            has_sent = True

    def take(samples: AudioContent) -> None:
        waiting.extend(encoder.encode(samples).reveal())
        send(is_last=False)

    content = TextContent(text)
    engine.speak(Utterance(0, len(text), content, tuple(range(len(text)))), spoken_as, Delivery(), take)
    waiting.extend(encoder.finish().reveal())
    encoder.close()
    send(is_last=True)


def _exactly(end: socket.socket, count: int) -> bytes | None:
    """Return so many bytes, or None at end of file."""
    data = bytearray()
    while len(data) < count:
        piece = end.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return bytes(data)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
