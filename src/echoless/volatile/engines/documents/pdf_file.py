"""Transcripts as PDF, by ReportLab's canvas, with an embedded font; in memory only.

The font, DejaVu Sans, writes the Latin, Greek, Cyrillic, Armenian and Georgian scripts. A script that it does not
have, or that is written from right to left, is refused: a page of empty boxes would be worse than none.
"""

from __future__ import annotations

import importlib.util
import io
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import DocumentFormat
from echoless.volatile.engines.documents.text_files import clock
from echoless.volatile.speech.transcript_segments import Segment

_FONT: Final = "DejaVuSans"
_FONT_PACKAGE: Final = "matplotlib"
_FONT_PLACE: Final = "mpl-data/fonts/ttf/DejaVuSans.ttf"
_SIZE_PT: Final = 10
_LEADING_PT: Final = 14
_MARGIN_PT: Final = 56
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})


class PdfWriter:
    """Writes PDF files. It loads its font when it is made.

    raises: EcholessError(CONFIGURATION) when the font is not installed
    """

    def __init__(self) -> None:
        found = importlib.util.find_spec(_FONT_PACKAGE)
        places = list(found.submodule_search_locations or ()) if found is not None else []
        path = next((Path(place) / _FONT_PLACE for place in places if (Path(place) / _FONT_PLACE).is_file()), None)
        if path is None:
            raise EcholessError(ErrorCode.CONFIGURATION, "the font of PDF files is not installed")
        font = TTFont(_FONT, str(path))
        pdfmetrics.registerFont(font)
        self._known: frozenset[int] = frozenset(font.face.charToGlyph)

    def __call__(self, found: Sequence[Segment], document: DocumentFormat, _language_code: str) -> bytes:
        """Return a file of A4 pages.

        raises: EcholessError(INVALID_PARAMETERS) for a script that it cannot write
        """
        target = io.BytesIO()
        canvas = Canvas(target, pagesize=A4, pageCompression=1, invariant=1)
        canvas.setTitle("Transcript")
        y_pt = 0.0
        for line in self._lines(found, document):
            if y_pt < _MARGIN_PT:
                if y_pt:
                    canvas.showPage()
                canvas.setFont(_FONT, _SIZE_PT)
                y_pt = A4[1] - _MARGIN_PT
            canvas.drawString(_MARGIN_PT, y_pt, line)
            y_pt -= _LEADING_PT
        canvas.showPage()
        canvas.save()
        return target.getvalue()

    def _lines(self, found: Sequence[Segment], document: DocumentFormat) -> Iterator[str]:
        for segment in found:
            text = segment.text
            if not self._can_write(text):
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, "a script that PDF files here cannot show")
            heads = [clock(segment.start_s)] if document.shows_times else []
            heads += [segment.speaker_name] if segment.speaker_name else []
            if heads:
                yield " ".join(heads)
            yield from _broken(text, A4[0] - 2 * _MARGIN_PT)
            yield ""

    def _can_write(self, text: str) -> bool:
        return all(
            ord(character) in self._known and unicodedata.bidirectional(character) not in _RIGHT_TO_LEFT
            for character in text
        )


def _broken(text: str, width_pt: float) -> Iterator[str]:
    """Break a text into lines that fit a width; a word that is wider is broken too."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if _width(longer) <= width_pt:
            line = longer
            continue
        if line:
            yield line
        line = word
        while _width(line) > width_pt:
            count = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or _width(line[:n]) <= width_pt)
            yield line[:count]
            line = line[count:]
    if line:
        yield line


def _width(text: str) -> float:
    return float(pdfmetrics.stringWidth(text, _FONT, _SIZE_PT))
