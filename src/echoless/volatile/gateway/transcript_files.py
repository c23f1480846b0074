"""(5) A transcript as files: what each format is by default, asked of a media process, and as the wire says it.

source: the wire contract, speech to text, section 1.1
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.media_records import (
    DocumentFormat,
    DocumentPart,
    DocumentsEnded,
    RenderTranscript,
    TranscriptWord,
)
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.media_problems import media_error
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptFormat
from echoless.volatile.gateway.transcript_wire import PlacedWord
from echoless.volatile.gateway.watching import watched

_TXT_LINE_CHARACTERS: Final = 100
_SRT_LINE_CHARACTERS: Final = 42
_SRT_SILENCE_S: Final = 0.8
_SRT_SEGMENT_S: Final = 4.0
_SRT_SEGMENT_CHARACTERS: Final = 84
_PARAM: Final = "additional_formats"
_SCRIPT_UNKNOWN: Final = "The transcript has letters that PDF files here cannot show; docx, html and txt can."
_NO_FILES: Final = (
    "The recording was written down, but its files could not be made, so nothing was kept; "
    "send it again, or without them."
)
_PASSING: Final = frozenset({ErrorCode.ENGINE_UNAVAILABLE, ErrorCode.CONCURRENT_LIMIT_EXCEEDED})
# Name: file extension, media type, and whether it is bytes rather than text.
_KINDS: Final = {
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
    "html": ("html", "text/html", False),
    "pdf": ("pdf", "application/pdf", True),
    "segmented_json": ("json", "application/json", False),
    "srt": ("srt", "application/x-subrip", False),
    "txt": ("txt", "text/plain", False),
}
SUBTITLES: Final = frozenset({"srt", "vtt"})


def document_format(wanted: TranscriptFormat, *, is_diarized: bool, has_times: bool) -> DocumentFormat:
    """Return what a media process is asked for: what was wanted, and the format's defaults for the rest."""
    is_subtitle = wanted.format in SUBTITLES
    shows_speakers = wanted.include_speakers if wanted.include_speakers is not None else not is_subtitle
    shows_times = wanted.include_timestamps if wanted.include_timestamps is not None else True
    line_characters = {"txt": _TXT_LINE_CHARACTERS, "srt": _SRT_LINE_CHARACTERS}.get(wanted.format)
    return DocumentFormat(
        name=wanted.format,
        shows_speakers=shows_speakers and is_diarized,
        shows_times=shows_times and has_times,
        line_characters_max=wanted.max_characters_per_line or line_characters,
        silence_s_max=wanted.segment_on_silence_longer_than_s or (_SRT_SILENCE_S if is_subtitle else None),
        segment_s_max=wanted.max_segment_duration_s or (_SRT_SEGMENT_S if is_subtitle else None),
        segment_characters_max=wanted.max_segment_chars or (_SRT_SEGMENT_CHARACTERS if is_subtitle else None),
    )


def subtitle_format(name: str) -> DocumentFormat:
    """Return subtitles with their defaults: srt or vtt."""
    return DocumentFormat(
        name, False, True, _SRT_LINE_CHARACTERS, _SRT_SILENCE_S, _SRT_SEGMENT_S, _SRT_SEGMENT_CHARACTERS
    )


async def rendered(
    call: Call, words: Sequence[PlacedWord], language_code: str, formats: Sequence[DocumentFormat]
) -> list[bytes]:
    """Return a transcript as files, in order.

    Files are made before anything is kept, so a transcript whose files cannot be made is not kept either.
    raises: EcholessError(ENGINE_UNAVAILABLE, CONCURRENT_LIMIT_EXCEEDED, INVALID_PARAMETERS), ClientLeftError
    """
    order = RenderTranscript([_plain(placed) for placed in words], language_code, list(formats))
    try:
        files, part = await _made(call, order)
        code = part.error_code
    except EcholessError as error:
        if error.code not in _PASSING:
            raise
        code = error.code.value
    if code in {passing.value for passing in _PASSING}:
        raise EcholessError(ErrorCode(code), _NO_FILES)
    if code == ErrorCode.INVALID_PARAMETERS.value:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, _SCRIPT_UNKNOWN, param=_PARAM)
    if code:
        raise media_error(code, _PARAM)
    return [bytes(file) for file in files]


async def _made(call: Call, order: RenderTranscript) -> tuple[list[bytearray], DocumentsEnded]:
    """Have files made; return them, and how that ended.

    raises: EcholessError(ENGINE_UNAVAILABLE, CONCURRENT_LIMIT_EXCEEDED), ClientLeftError
    """
    files = [bytearray() for _ in order.formats]
    with call.services.media.render(TicketId(call.grant.ticket_id), order) as job:
        async with watched(call, job.abandon):
            while not isinstance(part := await job.next(), DocumentsEnded):
                if not isinstance(part, DocumentPart) or part.index >= len(files):
                    raise EcholessError(ErrorCode.INTERNAL_ERROR, "a file came that nobody asked for")
                files[part.index] += part.data
    return files, part


def wire_file(name: str, data: bytes) -> dict[str, Any]:
    """Return a file as the wire says it."""
    extension, content_type, is_bytes = _KINDS[name]
    return {
        "requested_format": name,
        "file_extension": extension,
        "content_type": content_type,
        "is_base64_encoded": is_bytes,
        "content": b64encode(data).decode("ascii") if is_bytes else data.decode(),
    }


def _plain(placed: PlacedWord) -> TranscriptWord:
    """Return a word as files need it: without its characters' times, with its speaker."""
    word = placed.word
    return TranscriptWord(word.text, word.kind, word.start_s, word.end_s, word.logprob, placed.speaker)
