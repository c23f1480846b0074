"""Transcripts as files: the defaults of each format, and how the wire shows them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from echoless.crossing.media_records import DocumentFormat
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptFormat
from echoless.volatile.gateway.transcript_files import document_format, subtitle_format, wire_file

pytestmark = pytest.mark.unit


def asked(is_diarized: bool = True, has_times: bool = True, **values: Any) -> DocumentFormat:
    return document_format(TranscriptFormat(**values), is_diarized=is_diarized, has_times=has_times)


def test_each_format_has_its_own_defaults() -> None:
    assert asked(format="srt") == DocumentFormat("srt", False, True, 42, 0.8, 4.0, 84)
    assert asked(format="txt") == DocumentFormat("txt", True, True, 100, None, None, None)
    for name in ("docx", "html", "pdf", "segmented_json"):
        assert asked(format=name) == DocumentFormat(name, True, True, None, None, None, None)
    assert subtitle_format("vtt").name == "vtt"


def test_what_is_asked_for_wins_and_what_was_not_heard_is_not_shown() -> None:
    wanted = asked(
        format="srt", include_speakers=True, max_characters_per_line=20, max_segment_chars=30,
        max_segment_duration_s=2, segment_on_silence_longer_than_s=0.5,
    )  # fmt: skip
    assert wanted == DocumentFormat("srt", True, True, 20, 0.5, 2.0, 30)
    assert not asked(is_diarized=False, format="txt").shows_speakers
    assert not asked(has_times=False, format="txt").shows_times
    assert not asked(include_timestamps=False, format="txt").shows_times


def test_bytes_are_base64_and_text_is_text() -> None:
    assert wire_file("txt", "ä".encode())["content"] == "ä"
    docx = wire_file("docx", b"\xff\x00")
    assert docx["is_base64_encoded"]
    assert base64.b64decode(docx["content"]) == b"\xff\x00"
    assert docx["file_extension"] == "docx"
