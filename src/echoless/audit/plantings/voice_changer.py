"""The voice changer: both of its names, whole and streamed, both modes, good recordings and bad ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import FormPart, Manner, Planting, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for
from echoless.audit.plantings.text_to_speech import SEED, VOICE
from echoless.audit.plantings.uploads import fields_of, form_of, upload

MODEL: Final = "eleven_english_sts_v2"
NAMES: Final = ("speech-to-speech", "voice-changer")
_AUDIO: Final = "audio"
_LONG_WORDS: Final = 64


@dataclass(frozen=True, slots=True)
class _Route:
    name: str
    product: str
    suffix: str
    kind: str
    output_format: str
    fields: Mapping[str, str]
    is_file_first: bool = False


_ROUTES: Final = (
    _Route("V1", NAMES[0], "", "wav", "mp3_44100_128", {}),
    _Route("V1 raw", NAMES[0], "", "pcm", "wav_22050", {}, is_file_first=True),
    _Route("V2", NAMES[0], "/stream", "mp3", "pcm_22050", {}),
    _Route("V2 ogg", NAMES[0], "/stream", "ogg", "ulaw_8000", {"remove_background_noise": "true"}),
    _Route("V3", NAMES[1], "", "m4a", "mp3_22050_32", {}),
    _Route("V4", NAMES[1], "/stream", "flac", "opus_48000_64", {}),
    _Route("V4 webm", NAMES[1], "/stream", "webm", "pcm_16000", {}, is_file_first=True),
)


def conversion_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted by changing voices."""
    yield from _good(mint, groundwork, is_kept=False)
    yield from refused_conversions(mint, groundwork)
    yield from _broken_off(mint, groundwork)
    if kept_too:
        yield from _good(mint, groundwork, is_kept=True)


def _source(row: Mapping[str, object]) -> str:
    """Return what an item of the history is; what was said in it nobody has written down."""
    return str(row["source"])


def _address(product: str, suffix: str, is_kept: bool, output_format: str = "mp3_44100_128") -> str:
    return f"/v1/{product}/{VOICE}{suffix}?output_format={output_format}{switch_of(is_kept)}"


def _good(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    for route in _ROUTES:
        name = f"{mode_name(is_kept)}/{route.name}"
        sound = groundwork.sounds.sound(name, route.kind, is_kept=is_kept)
        around = words_for(mint, name, (*AROUND, "setting name", "setting value"))
        settings = {"stability": 0.5, around["setting name"]: around["setting value"]}
        fields = {"model_id": MODEL, "seed": str(SEED), "voice_settings": json.dumps(settings), **route.fields}
        path = _address(route.product, route.suffix, is_kept, route.output_format) + query_of(around)
        yield Planting(
            name, is_kept, "POST", path, upload(mint, sound, _AUDIO, fields, is_file_first=route.is_file_first),
            headers_of(around), output_format=route.output_format, sound=sound, kept_text_of=_source,
            kept_text="STS",
        )  # fmt: skip


def refused_conversions(mint: CanaryMint, groundwork: Groundwork) -> Iterator[Planting]:
    """Yield recordings that are none, and good ones with something wrong around them."""
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/voice changer refused"
        path = _address(NAMES[0], "", is_kept)

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        def refused(
            part: str, data: bytes, fields: Mapping[str, str], *statuses: int, base: str = base, path: str = path,
            is_kept: bool = is_kept,
        ) -> Planting:  # fmt: skip
            name = f"{base}/{part}"
            parts = [FormPart(field, value.encode()) for field, value in fields.items()]
            return Planting(
                name, is_kept, "POST", path, form_of(mint, name, _AUDIO, data, parts), statuses=statuses
            )

        sound = groundwork.sounds.sound(f"{base}/sound", "m4a", is_kept=False)
        text = word("no sound").encode()
        yield refused("no sound", text * 200, {"model_id": MODEL}, 400)
        yield refused("empty", b"", {"model_id": MODEL, "voice_settings": word("empty")}, 400, 422)
        yield refused("truncated", sound.data[: len(sound.data) // 2], {"model_id": MODEL}, 400)
        yield refused("model", sound.data, {"model_id": word("model").split()[0]}, 400, 404)
        yield refused("settings", sound.data, {"voice_settings": "{" + word("settings")}, 422)
        yield refused("switch", sound.data, {"enable_logging": "false", "model_id": word("switch")}, 422)
        broken = path.replace(VOICE, word("voice").split()[0])
        yield refused("voice", sound.data, {"model_id": MODEL}, 404, path=broken)


def _broken_off(mint: CanaryMint, groundwork: Groundwork) -> Iterator[Planting]:
    """Yield conversions whose client leaves in the middle, and recordings that never come whole."""
    for manner in (Manner.CANCELLED, Manner.LEFT_WHILE_SENDING):
        for is_kept in (False, True) if manner is Manner.LEFT_WHILE_SENDING else (False,):
            name = f"{mode_name(is_kept)}/voice changer {manner.value}"
            sound = groundwork.sounds.sound(name, "wav", is_kept=is_kept, word_count=_LONG_WORDS)
            form = form_of(mint, name, _AUDIO, sound.data, fields_of(sound, {"model_id": MODEL}))
            path = _address(NAMES[0], "/stream", is_kept, "pcm_22050")
            yield Planting(name, is_kept, "POST", path, form, manner=manner, sound=sound)
