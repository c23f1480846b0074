"""What the rehearsal uploads, and a media process that is a script."""

from __future__ import annotations

from typing import Final

from echoless.crossing.link import Link
from echoless.crossing.media_records import (
    KIND_INPUT_AUDIO,
    Convert,
    DocumentPart,
    DocumentsEnded,
    EndInput,
    InputKnown,
    JobStarted,
    RenderTranscript,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
    TranscriptWord,
    WordKind,
)
from echoless.crossing.records import KIND_AUDIO, Cancel, SpeechBegan, SpeechEnded
from echoless.crossing.wire import Frame
from echoless.volatile.service.rehearsed_sockets import VOICE

_BOUNDARY: Final = "rehearsal"
CONTENT_TYPE: Final = f"multipart/form-data; boundary={_BOUNDARY}"
_WORD: Final = TranscriptWord("rehearsal", WordKind.WORD, 0.0, 0.1, -0.1, None, [0.0] * 9, [0.1] * 9)


def _form(file: str, **fields: str) -> bytes:
    head = f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="'
    parts = [f'{head}{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    parts.append(f'{head}{file}"; filename="upload"\r\n\r\n{"0" * 640}\r\n')
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()


_TRANSCRIPT: Final = "/v1/speech-to-text?enable_logging=false"
_FORMATS: Final = '[{"format": "srt"}, {"format": "docx"}]'
# Line, body and the status that must come.
UPLOADS: Final = (
    (
        f"POST /v1/voice-changer/{VOICE}/stream?enable_logging=false",
        _form("audio", voice_settings='{"speed": 1.1}', seed="1"),
        200,
    ),
    (f"POST /v1/speech-to-speech/{VOICE}", _form("audio"), 200),
    (f"POST /v1/speech-to-speech/{VOICE}", _form("audio", voice_settings="{"), 422),
    (
        f"POST {_TRANSCRIPT}",
        _form("file", model_id="scribe_v1", diarize="true", keyterms='["a"]', additional_formats=_FORMATS),
        200,
    ),
    (
        f"POST {_TRANSCRIPT}",
        _form(
            "file", model_id="scribe_v2", use_multi_channel="true", multichannel_output_style="combined",
            timestamps_granularity="character", language_code="eng", webhook_metadata="null",
        ),
        200,
    ),
    (f"POST {_TRANSCRIPT}", _form("file", model_id="none"), 400),
    ("POST /v1/audio/transcriptions", _form("file", model="whisper-1", response_format="verbose_json"), 200),
    ("POST /v1/audio/transcriptions", _form("file", model="whisper-1", response_format="vtt"), 200),
)  # fmt: skip


class MediaPart:
    """Answers each order once its input has ended; hears one word in everything."""

    def __init__(self) -> None:
        self._orders: dict[int, Convert | Transcribe] = {}

    def take(self, link: Link, frame: Frame) -> None:
        """Take one frame."""
        if frame.header.kind == KIND_INPUT_AUDIO:
            return
        correlation, record = frame.header.correlation, link.registry.decode(frame)
        if isinstance(record, RenderTranscript):
            for index in range(len(record.formats)):
                link.post(DocumentPart(index, b"rehearsal"), correlation=correlation)
            link.post(DocumentsEnded(""), correlation=correlation)
        elif isinstance(record, Convert | Transcribe):
            self._orders[correlation] = record
            link.post(JobStarted(65_536), correlation=correlation)
        elif isinstance(record, Cancel):
            self._orders.pop(correlation, None)
        elif isinstance(record, EndInput):
            link.post(InputKnown("audio/wav"), correlation=correlation)
            self._answer(link, correlation, self._orders.pop(correlation))

    def _answer(self, link: Link, correlation: int, order: Convert | Transcribe) -> None:
        if isinstance(order, Convert):
            link.post(SpeechBegan(None), correlation=correlation)
            link.post_content(KIND_AUDIO, bytes(64), correlation=correlation)
            link.post(SpeechEnded("", 2, 64), correlation=correlation)
            return
        link.post(TranscriptPart(0, [_WORD]), correlation=correlation)
        if order.is_diarized:
            link.post(SpeakerNames([0]), correlation=correlation)
        link.post(TranscriptEnded("", 2, 1, "en", 1.0), correlation=correlation)
