"""Transcripts as remotes write them, made into ours.

What a remote does not tell is not made up: where it gives times for whole sentences only, a piece of ours is a
sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from echoless.core.languages import LANGUAGES, language_of
from echoless.crossing.media_records import TranscriptWord, WordKind
from echoless.volatile.egress.connections import NoAnswerError

WORDS_PER_RECORD: Final = 500
_SPEAKER_PREFIX: Final = "speaker_"
_LOGPROB_MIN: Final = -100.0
_BY_NAME: Final = {language.name.lower(): language.code for language in LANGUAGES}
Words = tuple[TranscriptWord, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ForeignTranscript:
    """What a remote heard.

    channels:        the words of each
    language_code:   ISO 639-1, or whatever the remote calls it where that is unknown here
    transcription_id: under which the remote keeps it; empty where it says of none
    """

    channels: tuple[Words, ...]
    language_code: str
    language_probability: float
    audio_ms: int
    transcription_id: str


def parse_object(data: bytes) -> Mapping[str, Any]:
    """Return a JSON object.

    raises: NoAnswerError for anything else
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise NoAnswerError
    return value


def from_elevenlabs(data: bytes) -> ForeignTranscript:
    """Read the wire protocol's own transcript, of one channel or of several.

    raises: NoAnswerError for what is none
    source: the wire contract, speech to text, section 2
    """
    answer = parse_object(data)
    parts = answer.get("transcripts")
    transcripts = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else [answer]
    if not transcripts:
        raise NoAnswerError
    channels = tuple(_own_words(_rows(transcript, "words")) for transcript in transcripts)
    end_s = max((words[-1].end_s for words in channels if words), default=0.0)
    stated_s = answer.get("audio_duration_secs")
    first = transcripts[0]
    return ForeignTranscript(
        channels=channels,
        language_code=_language(first.get("language_code")),
        language_probability=min(1.0, max(0.0, _number(first.get("language_probability"), 1.0))),
        audio_ms=int(_number(stated_s, end_s) * 1000),
        transcription_id=str(answer.get("transcription_id") or first.get("transcription_id") or ""),
    )


def from_openai(data: bytes) -> ForeignTranscript:
    """Read an OpenAI-compatible server's `verbose_json`: words with times, else sentences with times.

    raises: NoAnswerError for what has no times at all
    """
    answer = parse_object(data)
    text, words, sentences = str(answer.get("text") or ""), _rows(answer, "words"), _rows(answer, "segments")
    if text.strip() and not words and not sentences:
        raise NoAnswerError
    heard = tuple(_found_words(text, words, sentences)) if words else tuple(_sentences(sentences))
    end_s = heard[-1].end_s if heard else 0.0
    return ForeignTranscript(
        channels=(heard,),
        language_code=_language(answer.get("language")),
        language_probability=1.0,
        audio_ms=int(_number(answer.get("duration"), end_s) * 1000),
        transcription_id="",
    )


def records_of(words: Words) -> Iterator[list[TranscriptWord]]:
    """Yield words in the portions that cross."""
    for at in range(0, len(words), WORDS_PER_RECORD):
        yield list(words[at : at + WORDS_PER_RECORD])


# --- the wire protocol's own ---


def _own_words(rows: Sequence[Mapping[str, Any]]) -> Words:
    words: list[TranscriptWord] = []
    for row in rows:
        before_s = words[-1].end_s if words else 0.0
        start_s = _number(row.get("start"), before_s)
        characters = _rows(row, "characters")
        words.append(
            TranscriptWord(
                text=str(row.get("text") or ""),
                kind=_kind(row.get("type")),
                start_s=start_s,
                end_s=max(start_s, _number(row.get("end"), start_s)),
                logprob=_logprob(row.get("logprob")),
                speaker=_speaker(row.get("speaker_id")),
                character_start_s=[_number(each.get("start"), start_s) for each in characters],
                character_end_s=[_number(each.get("end"), start_s) for each in characters],
            )
        )
    return tuple(words)


def _kind(value: object) -> WordKind:
    try:
        return WordKind(str(value))
    except ValueError:
        return WordKind.WORD


def _speaker(value: object) -> int | None:
    number = str(value or "").removeprefix(_SPEAKER_PREFIX)
    return int(number) if number.isdecimal() and len(number) < 6 else None


# --- OpenAI's ---


def _found_words(
    text: str, rows: Sequence[Mapping[str, Any]], sentences: Sequence[Mapping[str, Any]]
) -> Iterator[TranscriptWord]:
    """Yield words as they stand in the text, with its punctuation, and what is between them as spacing."""
    at, end_s = 0, 0.0
    for row in rows:
        bare = str(row.get("word") or "").strip()
        found = text.find(bare, at)
        if not bare or found < 0:
            continue
        start_s = _number(row.get("start"), end_s)
        if found > at:
            yield _spacing(text[at:found], end_s, start_s)
        stop = _end_of_word(text, found + len(bare))
        end_s = max(start_s, _number(row.get("end"), start_s))
        yield TranscriptWord(text[found:stop], WordKind.WORD, start_s, end_s, _logprob_at(sentences, start_s))
        at = stop


def _end_of_word(text: str, at: int) -> int:
    """Return where the marks that follow a word end: they belong to it."""
    while at < len(text) and not text[at].isspace() and not text[at].isalnum():
        at += 1
    return at


def _spacing(text: str, start_s: float, end_s: float) -> TranscriptWord:
    return TranscriptWord(text, WordKind.SPACING, min(start_s, end_s), end_s, 0.0)


def _sentences(rows: Sequence[Mapping[str, Any]]) -> Iterator[TranscriptWord]:
    end_s = 0.0
    for index, row in enumerate(rows):
        text = str(row.get("text") or "").strip()
        start_s = _number(row.get("start"), end_s)
        if index:
            yield _spacing(" ", end_s, start_s)
        end_s = max(start_s, _number(row.get("end"), start_s))
        yield TranscriptWord(text, WordKind.WORD, start_s, end_s, _logprob(row.get("avg_logprob")))


def _logprob_at(sentences: Sequence[Mapping[str, Any]], start_s: float) -> float:
    """Return the confidence of the sentence that a word is in: such servers tell none for words."""
    for row in sentences:
        if _number(row.get("start"), 0.0) <= start_s <= _number(row.get("end"), 0.0):
            return _logprob(row.get("avg_logprob"))
    return 0.0


# --- both ---


def _rows(value: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = value.get(key)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _number(value: object, other: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return max(0.0, float(value)) if is_number else other  # type: ignore[arg-type]  # checked in the line above


def _logprob(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return min(0.0, max(_LOGPROB_MIN, float(value))) if is_number else 0.0  # type: ignore[arg-type]  # as above


def _language(value: object) -> str:
    word = str(value or "").strip().lower()
    known = language_of(word)
    return known.code if known is not None else _BY_NAME.get(word, "")
