"""What the rehearsal says on each socket, and a recogniser that is a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from echoless.crossing.link import Link
from echoless.crossing.live_records import Commit, CommitCause, CommittedText, PartialText
from echoless.crossing.media_records import KIND_INPUT_AUDIO, InputCredit, TranscriptWord, WordKind
from echoless.crossing.wire import Frame

VOICE: Final = "JBFqnCBsd6RMkjVDRZzb"
NORMAL_CLOSE: Final = bytes((0x88, 2)) + (1000).to_bytes(2, "big")
_GOOD_BYE: Final = bytes((0x88, 0x82, 0, 0, 0, 0)) + (1000).to_bytes(2, "big")
_PLACE: Final = b'"voice_id": "%s"' % VOICE.encode()


@dataclass(frozen=True, slots=True)
class SocketScript:
    """One socket: its request line, then what is said and what must be heard before anything else is said."""

    line: str
    steps: Sequence[tuple[bytes, bytes]]


def text_frame(text: bytes) -> bytes:
    """Return a client's frame of a short text, masked with zeros. RFC 6455, section 5.2."""
    assert len(text) < 126, "a longer frame states its length elsewhere"
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


def _said(*texts: bytes) -> bytes:
    return b"".join(text_frame(text) for text in texts)


def _dialogue(name: str, context: bytes) -> SocketScript:
    first = _said(b'{"voices": ["%s"]%s}' % (VOICE.encode(), context))
    line = b'{"inputs": [{"text": "[softly] A rehearsal.", %s}]%s}' % (_PLACE, context)
    end = _said(line, b'{"close_socket": true}')
    target = f"/v1/text-to-dialogue/{name}?enable_logging=false&sync_alignment=true&output_format=pcm_16000"
    return SocketScript(f"GET {target}", ((first + end, NORMAL_CLOSE),))


SOCKETS: Final = (
    SocketScript(
        f"GET /v1/text-to-speech/{VOICE}/stream-input?enable_logging=false&output_format=pcm_16000",
        ((_said(b'{"text": " "}', b'{"text": "A rehearsal. ", "flush": true}', b'{"text": ""}'), NORMAL_CLOSE),),
    ),
    _dialogue("stream-input", b""),
    _dialogue("multi-stream-input", b', "context_id": "a"'),
    SocketScript(
        "GET /v1/speech-to-text/realtime?model_id=scribe_v2_realtime&enable_logging=false&include_timestamps=true",
        (
            (
                _said(b'{"message_type": "input_audio_chunk", "audio_base_64": "AAA=", "commit": true}'),
                b"committed_transcript_with_timestamps",
            ),
            (_GOOD_BYE, NORMAL_CLOSE),
        ),
    ),
)


def live_part(link: Link, frame: Frame) -> None:
    """Hear one word in everything."""
    correlation = frame.header.correlation
    if frame.header.kind == KIND_INPUT_AUDIO:
        link.post(InputCredit(len(frame.payload)), correlation=correlation)
        link.post(PartialText("rehearsal"), correlation=correlation)
    elif isinstance(link.registry.decode(frame), Commit):
        word = TranscriptWord("rehearsal", WordKind.WORD, 0.0, 0.1, -0.1)
        link.post(CommittedText(CommitCause.MANUAL, "rehearsal", "en", [word]), correlation=correlation)
