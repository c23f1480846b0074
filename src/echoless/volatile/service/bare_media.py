"""`python -m echoless.volatile.service.bare_media SOCKET transcribe|convert`: one engine alone, for the benchmark.

No server, no wall, no upload, no records: pocketsphinx over the whole recording as one utterance, or WORLD and the
MP3 encoder. The settings are those of the server's engines, so that what differs is what the server adds. One job
at a time.

    in:   length as 4 bytes, big endian, then samples of 16 bits, mono, 16,000 a second
    out:  pieces, each with its length as 4 bytes before it; a length of 0 ends the job
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.core.voice_pitches import PITCH_BY_VOICE_ID
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.codecs.resampling import Resampler
from echoless.volatile.engines.sts.world import WorldConversion
from echoless.volatile.engines.stt.sphinx_decoder import new_decoder
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ

_LENGTH: Final = struct.Struct(">I")
_FORMAT: Final = "mp3_44100_128"
_BLOCK_BYTES: Final = 8_000
_VOICE: Final = "21m00Tcm4TlvDq8ikWAM"

Work = Callable[[bytes], Iterator[bytes]]


def main(arguments: Sequence[str]) -> int:
    """Serve jobs until the other end is closed."""
    descriptor, kind = arguments
    work = _transcriber() if kind == "transcribe" else _convert
    with socket.socket(fileno=int(descriptor)) as end:
        end.sendall(_LENGTH.pack(0))
        while (header := _exactly(end, _LENGTH.size)) is not None:
            job = _exactly(end, _LENGTH.unpack(header)[0])
            if job is None:
                break
            for piece in work(job):
                end.sendall(_LENGTH.pack(len(piece)) + piece)
            end.sendall(_LENGTH.pack(0))
    return 0


def _transcriber() -> Work:
    decoder = new_decoder(is_live=False)

    def transcribe(pcm: bytes) -> Iterator[bytes]:
        decoder.start_utt()
        decoder.process_raw(pcm, no_search=False, full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        if hypothesis is not None and hypothesis.hypstr:
            yield hypothesis.hypstr.encode()

    return transcribe


def _convert(pcm: bytes) -> Iterator[bytes]:
    conversion = WorldConversion(PITCH_BY_VOICE_ID[_VOICE])
    resampler = Resampler(HEARING_RATE_HZ, conversion.sample_rate_hz)
    encoder = new_encoder(AUDIO_FORMATS[_FORMAT], conversion.sample_rate_hz)
    for start in range(0, len(pcm), _BLOCK_BYTES):
        block = AudioContent(pcm[start : start + _BLOCK_BYTES])
        samples = resampler.convert(block, is_last=start + _BLOCK_BYTES >= len(pcm))
        piece = encoder.encode(conversion.convert(samples)).reveal()
        if piece:
            yield piece
    rest = encoder.encode(conversion.finish()).reveal() + encoder.finish().reveal()
    encoder.close()
    yield rest


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
