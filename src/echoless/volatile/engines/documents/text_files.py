"""Transcripts as text: plain, subtitles, a page, and segments in JSON.

source: SubRip as players read it; W3C WebVTT; the wire contract, speech to text, section 1.1
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

from echoless.core.languages import language_of
from echoless.crossing.media_records import DocumentFormat, TranscriptWord
from echoless.volatile.speech.transcript_segments import Segment, lines

_ARROW = "-->"


def plain(found: Sequence[Segment], document: DocumentFormat, _language_code: str) -> bytes:
    """Return paragraphs: a line with times and speaker where they are shown, then the text in lines."""
    paragraphs: list[str] = []
    for segment in found:
        heads = [f"[{clock(segment.start_s)} - {clock(segment.end_s)}]"] if document.shows_times else []
        heads += [segment.speaker_name] if segment.speaker_name else []
        head = [" ".join(heads)] if heads else []
        paragraphs.append("\n".join([*head, *lines(segment.text, document.line_characters_max)]))
    return ("\n\n".join(paragraphs) + "\n" if paragraphs else "").encode()


def subrip(found: Sequence[Segment], document: DocumentFormat, _language_code: str) -> bytes:
    """Return SubRip subtitles; their times are always shown."""
    cues = (
        f"{number}\n{clock(segment.start_s, ',')} {_ARROW} {clock(segment.end_s, ',')}\n"
        + "\n".join(_spoken_lines(segment, document))
        + "\n"
        for number, segment in enumerate(found, 1)
    )
    return "\n".join(cues).encode()


def webvtt(found: Sequence[Segment], document: DocumentFormat, _language_code: str) -> bytes:
    """Return WebVTT subtitles."""
    cues = (
        f"{clock(segment.start_s)} {_ARROW} {clock(segment.end_s)}\n"
        + "\n".join(html.escape(line, quote=False) for line in _spoken_lines(segment, document))
        + "\n"
        for segment in found
    )
    return "\n".join(["WEBVTT\n", *cues]).encode()


def page(found: Sequence[Segment], document: DocumentFormat, language_code: str) -> bytes:
    """Return an HTML page that needs nothing else."""
    rows: list[str] = []
    for segment in found:
        parts = [f"<time>{clock(segment.start_s)}</time>"] if document.shows_times else []
        parts += [f"<b>{segment.speaker_name}</b>"] if segment.speaker_name else []
        rows.append("<p>" + " ".join([*parts, html.escape(segment.text)]) + "</p>")
    head = (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language_code)}">\n'
        '<head><meta charset="utf-8"><title>Transcript</title></head>\n<body>\n'
    )
    return (head + "\n".join(rows) + "\n</body>\n</html>\n").encode()


def segmented_json(found: Sequence[Segment], document: DocumentFormat, language_code: str) -> bytes:
    """Return the segments with their words, as JSON; the language as the transcript itself names it."""
    language = language_of(language_code)
    code = language.long_code if language is not None else language_code
    body = {"language_code": code, "segments": [_json_segment(segment, document) for segment in found]}
    return json.dumps(body, ensure_ascii=False).encode()


def _json_segment(segment: Segment, document: DocumentFormat) -> dict[str, Any]:
    words = [_json_word(word, document) for word in segment.words]
    times = {"start": segment.start_s, "end": segment.end_s} if document.shows_times else {}
    speaker = {"speaker_id": segment.speaker_name} if segment.speaker_name else {}
    return {"text": "".join(word.text for word in segment.words), **times, **speaker, "words": words}


def _json_word(word: TranscriptWord, document: DocumentFormat) -> dict[str, Any]:
    times = {"start": word.start_s, "end": word.end_s} if document.shows_times else {}
    is_named = document.shows_speakers and word.speaker is not None
    speaker = {"speaker_id": f"speaker_{word.speaker}"} if is_named else {}
    return {"text": word.text, "type": word.kind.value, **times, **speaker, "logprob": word.logprob}


def _spoken_lines(segment: Segment, document: DocumentFormat) -> list[str]:
    name = f"[{segment.speaker_name}] " if segment.speaker_name else ""
    # What looks like the line of times would end the cue for a player.
    text = (name + segment.text).replace(_ARROW, "->")
    return lines(text, document.line_characters_max)


def clock(time_s: float, point: str = ".") -> str:
    """Return hours, minutes, seconds and thousandths."""
    ms = round(time_s * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
