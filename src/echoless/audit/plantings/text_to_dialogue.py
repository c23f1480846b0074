"""Text to dialogue: every route, both modes, good requests and bad ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner, Planting, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for
from echoless.audit.plantings.text_to_speech import SEED, VOICE, audio_of_json, audio_of_lines

DIALOGUE: Final = "/v1/text-to-dialogue"
OTHER_VOICE: Final = "21m00Tcm4TlvDq8ikWAM"
_IN_BODY: Final = ("unknown key", "unknown value", "setting name", "setting value", "input key")


@dataclass(frozen=True, slots=True)
class _Route:
    name: str
    suffix: str
    output_format: str
    audio_of: Callable[[bytes], bytes] = bytes


_ROUTES: Final = (
    _Route("D1", "", "mp3_44100_128"),
    _Route("D1 wav", "", "wav_22050"),
    _Route("D2", "/stream", "pcm_22050"),
    _Route("D3", "/with-timestamps", "mp3_22050_32", audio_of_json),
    _Route("D4", "/stream/with-timestamps", "pcm_16000", audio_of_lines),
)


def dialogue_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted in dialogues."""
    yield from _good(mint, groundwork, is_kept=False)
    yield from _refused(mint)
    yield _broken_off(mint)
    if kept_too:
        yield from _good(mint, groundwork, is_kept=True)


def dialogue_text(row: Mapping[str, Any]) -> str:
    """Return the lines of an item of the history, one under the other."""
    return "\n".join(line["text"] for line in row["dialogue"])


def _lines(mint: CanaryMint, name: str, *, is_kept: bool) -> tuple[Canary, list[str]]:
    """Return the canary that an item is known by, and all lines: tags are text that is never spoken."""
    first = mint.plain(f"{name}/first line", 60, is_kept=is_kept)
    second = mint.accented(f"{name}/second line", is_kept=is_kept)
    third = mint.cyrillic(f"{name}/third line", is_kept=is_kept)
    tag = mint.plain(f"{name}/tag", 30, is_kept=is_kept)
    return first, [f"[whispers] [{tag.text}] {first.text}", f"{second.text} [shouts] Now!", third.text]


def _good(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    for route in _ROUTES:
        name = f"{mode_name(is_kept)}/{route.name}"
        text, lines = _lines(mint, name, is_kept=is_kept)
        lines[2] = f"{lines[2]} {groundwork.string.text}"
        around = words_for(mint, name, (*AROUND, *_IN_BODY))
        context = {
            part: mint.plain(f"{name}/{part}", 60, is_kept=is_kept).text
            for part in ("previous_text", "future_text")
        }
        voices = (OTHER_VOICE, VOICE, OTHER_VOICE)
        inputs = [{"text": line, "voice_id": voice} for line, voice in zip(lines, voices, strict=True)]
        inputs[0][around["input key"]] = "x"
        body = {
            "inputs": inputs,
            "seed": SEED,
            **context,
            "pronunciation_dictionary_locators": groundwork.locators,
            around["unknown key"]: around["unknown value"],
            "settings": {"stability": 0.5, around["setting name"]: around["setting value"]},
        }
        path = f"{DIALOGUE}{route.suffix}?output_format={route.output_format}{switch_of(is_kept)}{query_of(around)}"
        yield Planting(
            name, is_kept, "POST", path, body, headers_of(around), text=text, output_format=route.output_format,
            audio_of=route.audio_of, kept_text_of=dialogue_text, kept_text="\n".join(lines),
        )  # fmt: skip


def _refused(mint: CanaryMint) -> Iterator[Planting]:
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/dialogue refused"
        path = f"{DIALOGUE}?output_format=mp3_44100_128{switch_of(is_kept)}"

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        def one(text: object, voice: str = VOICE, **more: object) -> dict[str, object]:
            return {"inputs": [{"text": text, "voice_id": voice}], **more}

        bodies: dict[str, tuple[dict[str, object], int]] = {
            "voice": (one(word("voice text"), word("voice").split()[0]), 404),
            "model": (one(word("model text"), model_id=word("model").split()[0]), 404),
            "silent model": (one(word("silent model"), model_id="eleven_flash_v2"), 400),
            "wrong type": (one([word("wrong type")]), 422),
            "setting": (one(word("setting text"), settings={"stability": word("setting")}), 422),
            "misplaced": (one(word("misplaced"), enable_logging=False), 422),
            "too long": (one(word("too long") * 200), 400),
            "no lines": ({"inputs": [], "previous_text": word("no lines")}, 422),
        }
        for problem, (body, status) in bodies.items():
            yield Planting(f"{base}/{problem}", is_kept, "POST", path, body, statuses=(status,))


def _broken_off(mint: CanaryMint) -> Planting:
    name = "zero/dialogue cancelled"
    texts = [mint.plain(f"{name}/line {number}", 2_400, is_kept=False) for number in range(2)]
    inputs = [{"text": text.text, "voice_id": VOICE} for text in texts]
    path = f"{DIALOGUE}/stream?output_format=pcm_22050&enable_logging=false"
    return Planting(name, False, "POST", path, {"inputs": inputs}, manner=Manner.CANCELLED)
