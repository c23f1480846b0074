"""(5) What a client of live recognition hears.

source: the wire contract, speech to text, section 4.3
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from echoless.core.languages import language_of
from echoless.crossing.live_records import CommittedText
from echoless.crossing.media_records import TranscriptWord
from echoless.volatile.gateway.schemas.speech_to_text_sockets import ListeningQuery
from echoless.volatile.speech.listening_flow import ErrorKind

_TEXTS: Final = {
    ErrorKind.COMMIT_THROTTLED: "A commit needs about 0.3 s of audio that has not been committed yet.",
    ErrorKind.INSUFFICIENT_AUDIO_ACTIVITY: "Nothing that sounds like speech was heard since the last commit.",
}


def session_started(
    session_id: str, query: ListeningQuery, languages: list[str], *, is_kept: bool
) -> dict[str, Any]:
    """Return the first message: what was asked for as it was understood, and whether it is kept.

    languages: the one that was asked for, if any, then the others that are honoured
    is_kept:   whether there is a sink that takes content
    """
    return {
        "message_type": "session_started",
        "session_id": session_id,
        "config": {
            "sample_rate": query.input_format.sample_rate_hz,
            "audio_format": query.format_name,
            "language_code": query.language_code,
            "secondary_languages": languages[1:],
            "timestamps_granularity": "word" if query.include_timestamps else "none",
            "vad_commit_strategy": query.commit_strategy,
            "vad_silence_threshold_secs": query.vad_silence_threshold_secs,
            "vad_threshold": query.vad_threshold,
            "min_speech_duration_ms": query.min_speech_duration_ms,
            "min_silence_duration_ms": query.min_silence_duration_ms,
            "max_tokens_to_recompute": 0,
            "model_id": query.model_id,
            "enable_logging": is_kept,
            "include_language_detection": query.include_language_detection,
            "keyterms": query.keyterms,
            "no_verbatim": query.no_verbatim,
            "entity_detection": None,
            "filter_background_audio": False,
        },
    }


def partial(text: str) -> dict[str, Any]:
    """Return the running hypothesis of the open segment."""
    return {"message_type": "partial_transcript", "text": text}


def committed(part: CommittedText, query: ListeningQuery) -> list[dict[str, Any]]:
    """Return the messages of a segment that was closed, in the order in which they are sent."""
    with_times = {"text": part.text, "language_code": long_code(part.language_code), "words": words_of(part.words)}
    messages: list[dict[str, Any]] = [{"message_type": "committed_transcript", "text": part.text}]
    if query.include_timestamps:
        messages.append({"message_type": "committed_transcript_with_timestamps", **with_times})
    if query.include_language_detection:
        language = {"text": part.text, "language_code": long_code(part.language_code)}
        messages.append({"message_type": "final_transcript", **language})
        if query.include_timestamps:
            messages.append({"message_type": "final_transcript_with_timestamps", **with_times})
    return messages


def refused_commit(code: str) -> dict[str, Any]:
    """Return the message of a commit that closed nothing; the session goes on."""
    throttled = ErrorKind.COMMIT_THROTTLED
    kind = ErrorKind.INSUFFICIENT_AUDIO_ACTIVITY if code != throttled.value else throttled
    return {"message_type": kind.value, "error": _TEXTS[kind]}


def encoded(message: dict[str, Any]) -> bytes:
    """Return a message as it is sent."""
    return msgspec.json.encode(message)


def words_of(words: list[TranscriptWord]) -> list[dict[str, Any]]:
    """Return words as transcripts state them."""
    return [
        {
            "text": word.text,
            "start": word.start_s,
            "end": word.end_s,
            "type": word.kind.value,
            "speaker_id": None if word.speaker is None else f"speaker_{word.speaker}",
            "logprob": word.logprob,
            "characters": None,
        }
        for word in words
    ]


def long_code(code: str) -> str | None:
    """Return the code of three letters; None where the engine did not say."""
    language = language_of(code)
    return language.long_code if language is not None else None
