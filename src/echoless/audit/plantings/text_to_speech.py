"""Text to speech: every route, both modes, good requests and bad ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from echoless.audit.canary import CanaryMint
from echoless.audit.planting import Manner, Planting, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for

VOICE: Final = "JBFqnCBsd6RMkjVDRZzb"
MODEL: Final = "eleven_flash_v2_5"
SPEECH: Final = f"/v1/text-to-speech/{VOICE}"
SEED: Final = 20_261_122
_IN_BODY: Final = ("unknown key", "unknown value", "setting name", "setting value")
_CLAUSE_CHARACTERS: Final = (300, 5_000)
_LONG_CHARACTERS: Final = 20_000


def audio_of_json(body: bytes) -> bytes:
    """Return the audio in one JSON object."""
    return base64.b64decode(json.loads(body)["audio_base64"])


def audio_of_lines(body: bytes) -> bytes:
    """Return the audio in a JSON object a line."""
    lines = (json.loads(line) for line in body.splitlines() if line.strip())
    return b"".join(base64.b64decode(line["audio_base64"]) for line in lines)


@dataclass(frozen=True, slots=True)
class _Route:
    name: str
    suffix: str
    output_format: str
    audio_of: Callable[[bytes], bytes] = bytes


_ROUTES: Final = (
    _Route("T1", "", "mp3_44100_128"),
    _Route("T1 wav", "", "wav_22050"),
    _Route("T2", "/stream", "mp3_22050_32"),
    _Route("T2 pcm", "/stream", "pcm_22050"),
    _Route("T2 ulaw", "/stream", "ulaw_8000"),
    _Route("T2 opus", "/stream", "opus_48000_64"),
    _Route("T3", "/with-timestamps", "mp3_44100_128", audio_of_json),
    _Route("T4", "/stream/with-timestamps", "pcm_16000", audio_of_lines),
)


def speech_plantings(mint: CanaryMint, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted in single texts.

    kept_too: False leaves out what would be kept
    """
    yield from _good(mint, is_kept=False)
    yield from _clauses(mint)
    yield from _refused(mint)
    yield from _broken_off(mint)
    if kept_too:
        yield from _good(mint, is_kept=True)


def _address(suffix: str, is_kept: bool, output_format: str = "mp3_44100_128", more: str = "") -> str:
    return f"{SPEECH}{suffix}?output_format={output_format}{switch_of(is_kept)}{more}"


def _good(mint: CanaryMint, *, is_kept: bool) -> Iterator[Planting]:
    """Yield a request for every route, with a canary in every place that a client fills."""
    scripts = (mint.accented, mint.cyrillic, mint.emoji)
    for number, route in enumerate(_ROUTES):
        name = f"{mode_name(is_kept)}/{route.name}"
        text = scripts[number % 3](f"{name}/text", is_kept=is_kept)
        unkept = words_for(mint, name, (*AROUND, *_IN_BODY))
        context = {
            part: mint.plain(f"{name}/{part}", 60, is_kept=is_kept).text for part in ("previous_text", "next_text")
        }
        body = {
            "text": text.text,
            "model_id": MODEL,
            "seed": SEED,
            **context,
            unkept["unknown key"]: unkept["unknown value"],
            "voice_settings": {"stability": 0.5, unkept["setting name"]: unkept["setting value"]},
        }
        path = _address(route.suffix, is_kept, route.output_format, query_of(unkept))
        yield Planting(
            name, is_kept, "POST", path, body, headers_of(unkept),
            text=text, output_format=route.output_format, audio_of=route.audio_of,
        )  # fmt: skip


def _clauses(mint: CanaryMint) -> Iterator[Planting]:
    """Yield clauses of 5, 300 and 5,000 characters, without a stop inside."""
    texts = [mint.short("zero/clause of 5/text", is_kept=False)]
    texts += [mint.plain(f"zero/clause of {n}/text", n, is_kept=False) for n in _CLAUSE_CHARACTERS]
    for text in texts:
        body = {"text": text.text, "model_id": MODEL, "seed": SEED}
        # Linear as well, so that the engine's own samples are known when the encoded form is asked for.
        for output_format in ("mp3_44100_128", "pcm_22050"):
            name = f"{text.name.removesuffix('/text')} {output_format}"
            path = _address("/stream", False, output_format)
            yield Planting(name, False, "POST", path, body, text=text, output_format=output_format)


def _refused(mint: CanaryMint) -> Iterator[Planting]:
    """Yield requests that end in an error, asked with zero retention and without: neither may leave anything."""
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/refused"
        switch = "" if is_kept else "?enable_logging=false"

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        def refused(
            part: str, path: str, body: object, *statuses: int, headers: Mapping[str, str] | None = None,
            method: str = "POST", base: str = base, is_kept: bool = is_kept,
        ) -> Planting:  # fmt: skip
            return Planting(f"{base}/{part}", is_kept, method, path, body, headers or {}, statuses)

        address = SPEECH + switch
        secret = word("credential").split()[0]
        yield refused("credential", address, {"text": word("text")}, 401, headers={"xi-api-key": secret})
        unknown = f"/v1/text-to-speech/{word('voice').split()[0]}{switch}"
        yield refused("voice", unknown, {"text": word("voice text")}, 404)
        yield refused("model", address, {"text": word("model text"), "model_id": word("model").split()[0]}, 404)
        yield refused("no json", address, ('{"text": "' + word("no json") + '"').encode(), 400, 422)
        yield refused("wrong type", address, {"text": [word("wrong type")]}, 422)
        yield refused("range", address, {"text": word("range"), "voice_settings": {"stability": 77}}, 422)
        yield refused("setting", address, {"text": word("x"), "voice_settings": {"speed": word("setting")}}, 422)
        yield refused("misplaced", address, {"text": word("misplaced"), "enable_logging": False}, 422)
        yield refused("too long", address, {"text": word("too long") * 2_000, "model_id": MODEL}, 400)
        yield refused("format", f"{SPEECH}?output_format={word('format').split()[0]}", {"text": word("y")}, 422)
        yield refused("flag", f"{SPEECH}?enable_logging={word('flag').split()[0]}", {"text": word("z")}, 422)
        yield refused("path", f"/v1/{word('path').split()[0]}/nothing", None, 404, method="GET")
    body = {"prompt": mint.plain("zero/refused/not eligible", 60, is_kept=False).text}
    yield Planting(
        "zero/refused/not eligible", False, "POST", "/v1/music?enable_logging=false", body, statuses=(400,)
    )
    search = mint.plain("search", 40, is_kept=False)
    yield Planting("search", True, "GET", f"/v1/history?search={quote(search.text)}", None)


def _broken_off(mint: CanaryMint) -> Iterator[Planting]:
    """Yield streams that the client leaves in the middle, and bodies that it never finishes."""
    for suffix, output_format in (("/stream", "mp3_44100_128"), ("/stream", "pcm_22050"), ("", "mp3_44100_128")):
        name = f"zero/cancelled{suffix} {output_format}"
        text = mint.plain(f"{name}/text", _LONG_CHARACTERS, is_kept=False)
        path = _address(suffix, False, output_format)
        body = {"text": text.text, "model_id": MODEL}
        yield Planting(name, False, "POST", path, body, manner=Manner.CANCELLED)
    for is_kept in (False, True):
        name = f"{mode_name(is_kept)}/left while sending"
        text = mint.plain(f"{name}/text", 5_000, is_kept=False)
        yield Planting(
            name, is_kept, "POST", _address("", is_kept), {"text": text.text}, manner=Manner.LEFT_WHILE_SENDING
        )
