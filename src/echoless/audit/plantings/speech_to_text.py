"""Speech to text in one piece: every shape of the answer, both modes, good recordings and bad ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import FormPart, Manner, Planting, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, words_for
from echoless.audit.plantings.uploads import fields_of, form_of

TRANSCRIPTION: Final = "/v1/speech-to-text"
MODEL: Final = "scribe_v1"
_FILE: Final = "file"
_LONG_WORDS: Final = 64
_DOCUMENTS: Final = json.dumps(
    [{"format": name} for name in ("srt", "txt", "docx", "pdf", "html", "segmented_json")]
)


@dataclass(frozen=True, slots=True)
class _Shape:
    name: str
    kind: str
    fields: Mapping[str, str]
    channel_count: int = 1
    is_file_first: bool = False


_SHAPES: Final = (
    _Shape("A1", "wav", {}),
    _Shape("A1 raw", "pcm", {"timestamps_granularity": "none"}, is_file_first=True),
    _Shape("A1 characters", "mp3", {"timestamps_granularity": "character", "tag_audio_events": "true"}),
    _Shape("A1 speakers", "m4a", {"diarize": "true", "num_speakers": "2"}),
    _Shape("A1 channels", "flac", {"use_multi_channel": "true"}, channel_count=2),
    _Shape("A1 documents", "ogg", {"diarize": "true", "additional_formats": _DOCUMENTS}),
    _Shape("A1 no fillers", "webm", {"no_verbatim": "true", "language_code": "en", "model_id": "scribe_v2"}),
)


def transcription_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted in recordings to be transcribed."""
    yield from _good(mint, groundwork, is_kept=False)
    yield from refused_transcriptions(mint, groundwork)
    yield from _broken_off(mint, groundwork)
    if kept_too:
        yield from _good(mint, groundwork, is_kept=True)


def transcript_of(body: bytes) -> str:
    """Return what was understood, of all channels."""
    answer: dict[str, Any] = json.loads(body)
    return "\n".join(part["text"] for part in answer.get("transcripts", [answer]))


def transcription_id(body: bytes) -> str:
    """Return the id by which a transcript can be fetched again; empty where there is none."""
    return str(json.loads(body).get("transcription_id") or "")


def _address(is_kept: bool) -> str:
    return f"{TRANSCRIPTION}?enable_logging={'true' if is_kept else 'false'}"


def _good(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    for shape in _SHAPES:
        name = f"{mode_name(is_kept)}/{shape.name}"
        sound = groundwork.sounds.sound(name, shape.kind, is_kept=is_kept, channel_count=shape.channel_count)
        around = words_for(mint, name, (*AROUND, "first term", "second term"))
        fields = fields_of(sound, {"model_id": MODEL, **shape.fields})
        fields += [FormPart("keyterms", around[part].encode()) for part in ("first term", "second term")]
        form = form_of(mint, name, _FILE, sound.data, fields, is_file_first=shape.is_file_first)
        yield Planting(
            name, is_kept, "POST", _address(is_kept) + query_of(around), form, headers_of(around), sound=sound,
            transcript_of=transcript_of, item_of=transcription_id,
        )  # fmt: skip


def refused_transcriptions(mint: CanaryMint, groundwork: Groundwork) -> Iterator[Planting]:
    """Yield recordings and fields that are refused, asked with zero retention and without."""
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/transcription refused"

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        def refused(
            part: str, data: bytes, fields: Mapping[str, str], *statuses: int, base: str = base,
            is_kept: bool = is_kept,
        ) -> Planting:  # fmt: skip
            name = f"{base}/{part}"
            parts = [FormPart(field, value.encode()) for field, value in {"model_id": MODEL, **fields}.items()]
            form = form_of(mint, name, _FILE, data, parts)
            return Planting(name, is_kept, "POST", _address(is_kept), form, statuses=statuses)

        sound = groundwork.sounds.sound(f"{base}/sound", "mp3", is_kept=False)
        metadata = json.dumps({word("metadata name"): word("metadata value")})
        yield refused("no sound", word("no sound").encode() * 200, {}, 400)
        yield refused("empty", b"", {"keyterms": word("empty").split()[0]}, 400, 422)
        yield refused("truncated", sound.data[:900], {}, 400)
        yield refused("model", sound.data, {"model_id": word("model").split()[0]}, 400, 404)
        yield refused("language", sound.data, {"language_code": word("language").split()[0]}, 400, 422)
        yield refused("term", sound.data, {"keyterms": word("term") * 4}, 400, 422)
        yield refused("documents", sound.data, {"additional_formats": "[" + word("documents")}, 400, 422)
        yield refused("granularity", sound.data, {"timestamps_granularity": word("granularity")}, 422)
        yield refused("no webhook", sound.data, {"webhook": "true", "webhook_metadata": metadata}, 400)
        yield refused("misplaced", sound.data, {"enable_logging": "false", "keyterms": word("misplaced")}, 422)
        url = f"https://127.0.0.1/{word('address').split()[0]}"
        yield refused("two sources", sound.data, {"cloud_storage_url": url}, 400, 422)
        path = f"{TRANSCRIPTION}/transcripts/{word('transcript').split()[0]}"
        yield Planting(f"{base}/transcript", is_kept, "GET", path, None, statuses=(404,))


def _broken_off(mint: CanaryMint, groundwork: Groundwork) -> Iterator[Planting]:
    for is_kept in (False, True):
        name = f"{mode_name(is_kept)}/transcription left while sending"
        sound = groundwork.sounds.sound(name, "wav", is_kept=is_kept, word_count=_LONG_WORDS)
        form = form_of(mint, name, _FILE, sound.data, fields_of(sound, {"model_id": MODEL}))
        yield Planting(
            name, is_kept, "POST", _address(is_kept), form, manner=Manner.LEFT_WHILE_SENDING, sound=sound
        )
