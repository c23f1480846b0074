"""Transcripts as Office Open XML, by python-docx; in memory only."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx

from echoless.crossing.media_records import DocumentFormat
from echoless.volatile.engines.documents.text_files import clock
from echoless.volatile.speech.transcript_segments import Segment


def office(found: Sequence[Segment], document: DocumentFormat, language_code: str) -> bytes:
    """Return a document with one paragraph for each segment, its time and speaker in bold before it."""
    file = docx.Document()
    file.core_properties.author = ""
    file.core_properties.comments = ""
    file.core_properties.language = language_code
    for segment in found:
        paragraph = file.add_paragraph()
        heads = [clock(segment.start_s)] if document.shows_times else []
        heads += [segment.speaker_name] if segment.speaker_name else []
        if heads:
            paragraph.add_run(" ".join(heads) + "  ").bold = True
        paragraph.add_run(segment.text)
    target = io.BytesIO()
    file.save(target)
    return target.getvalue()
