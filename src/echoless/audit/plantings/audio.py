"""The two routes that speak OpenAI's dialect: the same flows, with names of their own for everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import FormPart, Planting, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, words_for
from echoless.audit.plantings.uploads import form_of

AUDIO: Final = "/v1/audio"
_FORMATS: Final = {"mp3": "mp3_44100_128", "wav": "wav_24000"}


def _text_of_json(body: bytes) -> str:
    return str(json.loads(body)["text"])


_SHAPES: Final[dict[str, tuple[str, Callable[[bytes], str]]]] = {
    "json": ("mp3", _text_of_json),
    "verbose_json": ("wav", _text_of_json),
    "text": ("m4a", bytes.decode),
    "vtt": ("webm", bytes.decode),
}


def audio_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted in OpenAI's dialect."""
    for is_kept in (False, True) if kept_too else (False,):
        yield from _spoken(mint, is_kept=is_kept)
        yield from _heard(mint, groundwork, is_kept=is_kept)
    for is_kept in (False, True):
        yield from _refused(mint, groundwork, is_kept=is_kept)


def _address(product: str, is_kept: bool) -> str:
    return f"{AUDIO}/{product}?enable_logging={'true' if is_kept else 'false'}"


def _spoken(mint: CanaryMint, *, is_kept: bool) -> Iterator[Planting]:
    for wire_name, output_format in _FORMATS.items():
        name = f"{mode_name(is_kept)}/audio speech {wire_name}"
        text = mint.accented(f"{name}/text", is_kept=is_kept)
        around = words_for(mint, name, (*AROUND, "unknown key", "unknown value"))
        body = {
            "input": text.text, "model": "tts-1", "voice": "alloy", "response_format": wire_name,
            around["unknown key"]: around["unknown value"],
        }  # fmt: skip
        yield Planting(
            name, is_kept, "POST", _address("speech", is_kept) + query_of(around), body, headers_of(around),
            text=text, output_format=output_format,
        )  # fmt: skip


def _heard(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    for shape, (kind, transcript_of) in _SHAPES.items():
        name = f"{mode_name(is_kept)}/audio transcription {shape}"
        sound = groundwork.sounds.sound(name, kind, is_kept=is_kept)
        around = words_for(mint, name, AROUND)
        fields = {"model": "whisper-1", "response_format": shape}
        parts = [FormPart(field, value.encode()) for field, value in fields.items()]
        yield Planting(
            name, is_kept, "POST", _address("transcriptions", is_kept) + query_of(around),
            form_of(mint, name, "file", sound.data, parts), headers_of(around), sound=sound,
            transcript_of=transcript_of,
        )  # fmt: skip


def _refused(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    base = f"{mode_name(is_kept)}/audio refused"

    def word(part: str) -> str:
        return mint.plain(f"{base}/{part}", 40, is_kept=False).text

    bodies = {
        "voice": ({"input": word("voice text"), "voice": word("voice").split()[0]}, (400, 404)),
        "instructions": ({"input": word("text"), "voice": "alloy", "speed": word("speed")}, (400, 422)),
        "store": ({"input": word("store"), "voice": "alloy", "store": False}, (400, 422)),
    }
    for problem, (body, statuses) in bodies.items():
        yield Planting(f"{base}/{problem}", is_kept, "POST", _address("speech", is_kept), body, statuses=statuses)
    sound = groundwork.sounds.sound(f"{base}/sound", "mp3", is_kept=False)
    address = _address("transcriptions", is_kept)
    refused = {
        "model": {"model": word("model").split()[0]},
        "prompt": {"model": "whisper-1", "prompt": word("prompt")},
    }
    for problem, fields in refused.items():
        parts = [FormPart(field, value.encode()) for field, value in fields.items()]
        form = form_of(mint, f"{base}/{problem}", "file", sound.data, parts)
        yield Planting(f"{base}/{problem}", is_kept, "POST", address, form, statuses=(400, 404))
