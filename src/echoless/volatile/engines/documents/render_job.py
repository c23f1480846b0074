"""The job of writing a transcript as files. (5)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import (
    DocumentFormat,
    DocumentPart,
    DocumentsEnded,
    RenderTranscript,
    TranscriptWord,
    WordKind,
)
from echoless.crossing.records import Record
from echoless.volatile.engines.documents.docx_file import office
from echoless.volatile.engines.documents.pdf_file import PdfWriter
from echoless.volatile.engines.documents.text_files import page, plain, segmented_json, subrip, webvtt
from echoless.volatile.speech.media_ports import MediaInput, MediaOutlet
from echoless.volatile.speech.transcript_segments import Segment, segments

_PART_BYTES: Final = 256 * 1024
_WARM_UP_TEXT: Final = "Nothing was said."

Writer = Callable[[Sequence[Segment], DocumentFormat, str], bytes]


class RenderJob:
    """A MediaJob for RenderTranscript orders. It loads what its formats need when it is made, and tries each.

    raises: EcholessError(CONFIGURATION) when something of it is not installed
    """

    def __init__(self) -> None:
        self._writers: dict[str, Writer] = {
            "docx": office,
            "html": page,
            "pdf": PdfWriter(),
            "segmented_json": segmented_json,
            "srt": subrip,
            "txt": plain,
            "vtt": webvtt,
        }
        words = [TranscriptWord(_WARM_UP_TEXT, WordKind.WORD, 0.0, 1.0, 0.0)]
        for name in self._writers:
            self._write(words, DocumentFormat(name, True, True, None, None, None, None), "en")

    @property
    def wants_retirement(self) -> bool:
        """Never: nothing here grows."""
        return False

    def run(self, order: Record, sound: MediaInput, outlet: MediaOutlet) -> Record:
        """Write all files, one after another.

        raises: EcholessError(INVALID_PARAMETERS) for a format that does not exist or a script that one cannot
                show; JobCancelledError
        """
        assert isinstance(order, RenderTranscript), "the host gives each job its own kind of order"
        for index, document in enumerate(order.formats):
            data = self._write(order.words, document, order.language_code)
            for at in range(0, len(data), _PART_BYTES):
                outlet.post(DocumentPart(index, data[at : at + _PART_BYTES]))
            outlet.check()
        return DocumentsEnded("")

    def failure(self, code: ErrorCode, audio_ms: int, audio_bytes: int) -> Record:
        """Return the last record of an order that failed."""
        return DocumentsEnded(code.value)

    def _write(self, words: Sequence[TranscriptWord], document: DocumentFormat, language_code: str) -> bytes:
        writer = self._writers.get(document.name)
        if writer is None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such format of files", param="additional_formats")
        return writer(segments(words, document), document, language_code)
