"""Text to dialogue by socket: one stream and several, both modes, good frames and bad ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner, Planting, Script, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for
from echoless.audit.plantings.text_to_dialogue import DIALOGUE, OTHER_VOICE, dialogue_text
from echoless.audit.plantings.text_to_speech import SEED, VOICE
from echoless.audit.plantings.text_to_speech_sockets import NORMAL, OPEN, POLICY, audio_of_messages

_VOICES: Final = [VOICE, OTHER_VOICE]
_FORMATS: Final = ("mp3_44100_128", "pcm_22050")


def dialogue_socket_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted by the sockets of dialogue."""
    yield from _good(mint, groundwork, is_kept=False)
    yield _contexts(mint)
    yield from _refused(mint)
    yield from _left(mint)
    if kept_too:
        yield from _good(mint, groundwork, is_kept=True)


def _address(suffix: str, is_kept: bool, output_format: str, more: str = "") -> str:
    model = f"model_id=eleven_v3&seed={SEED}"
    return f"{DIALOGUE}/{suffix}?output_format={output_format}&{model}{switch_of(is_kept)}{more}"


def _frames(*messages: dict[str, Any]) -> Script:
    return Script(tuple(json.dumps(message) for message in messages))


def _good(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    for number, output_format in enumerate(_FORMATS):
        name = f"{mode_name(is_kept)}/dialogue stream-input {output_format}"
        text = mint.plain(f"{name}/first line", 60, is_kept=is_kept)
        other = mint.accented(f"{name}/second line", is_kept=is_kept)
        tag = mint.plain(f"{name}/tag", 20, is_kept=is_kept)
        around = words_for(mint, name, (*AROUND, "unknown key", "unknown value", "setting name", "setting value"))
        lines = [f"[whispers] [{tag.text}] {text.text}", other.text]
        inputs = [{"text": line, "voice_id": voice} for line, voice in zip(lines, _VOICES, strict=True)]
        begin: dict[str, Any] = {
            "voices": _VOICES,
            "voice_settings": {"stability": 0.5, around["setting name"]: around["setting value"]},
            around["unknown key"]: around["unknown value"],
        }
        if number == 0:
            begin["pronunciation_dictionary_locators"] = groundwork.locators
        yield Planting(
            name, is_kept, "WS", _address("stream-input", is_kept, output_format, query_of(around)),
            _frames(begin, {"inputs": inputs}, {"close_socket": True}), headers_of(around), statuses=(NORMAL,),
            text=text, output_format=output_format, audio_of=audio_of_messages, kept_text_of=dialogue_text,
            kept_text="\n".join(lines),
        )  # fmt: skip


def _contexts(mint: CanaryMint) -> Planting:
    name = "zero/dialogue multi-stream-input"
    messages: list[dict[str, Any]] = []
    for number in range(3):
        context = mint.plain(f"{name}/context {number}", 14, is_kept=False).words[0]
        text = mint.plain(f"{name}/text {number}", 60, is_kept=False)
        inputs = [{"text": text.text, "voice_id": VOICE}]
        messages.append({"voices": [VOICE], "context_id": context, "inputs": inputs, "flush": number > 0})
        messages += [{"context_id": context, "close_context": True}] if number == 0 else []
    return Planting(
        name, False, "WS", _address("multi-stream-input", False, "mp3_22050_32"),
        _frames(*messages, {"close_socket": True}), statuses=(NORMAL,), text=text, output_format="mp3_22050_32",
        audio_of=audio_of_messages,
    )  # fmt: skip


def _refused(mint: CanaryMint) -> Iterator[Planting]:
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/dialogue socket refused"
        path = _address("stream-input", is_kept, "pcm_22050")

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        def line(text: object, voice: str = VOICE) -> str:
            return json.dumps({"voices": [VOICE], "inputs": [{"text": text, "voice_id": voice}]})

        scripts: dict[str, tuple[str | bytes, ...]] = {
            "no json": (word("no json"),),
            "binary": (word("binary").encode(),),
            "no voices": (json.dumps({"inputs": [{"text": word("no voices"), "voice_id": VOICE}]}),),
            "unknown voice": (json.dumps({"voices": [word("unknown voice").split()[0]]}),),
            "other voice": (line(word("other voice text"), word("other voice").split()[0]),),
            "wrong type": (line([word("wrong type")]),),
            "voices twice": (line(word("voices once")), line(word("voices twice"))),
        }
        for problem, frames in scripts.items():
            yield Planting(f"{base}/{problem}", is_kept, "WS", path, Script(frames), statuses=(POLICY,))


def _left(mint: CanaryMint) -> Iterator[Planting]:
    """Yield sockets that stay open, idle, and one that vanishes while it speaks."""
    for manner, characters in ((Manner.HELD_OPEN, 120), (Manner.CANCELLED, 4_000)):
        name = f"zero/dialogue socket {manner.value}"
        text = mint.plain(f"{name}/text", characters, is_kept=False)
        begin = {"voices": [VOICE], "inputs": [{"text": f"{text.text}.", "voice_id": VOICE}]}
        script = _frames(begin, {"flush": True})
        spoken = text if manner is Manner.HELD_OPEN else None
        yield Planting(
            name, False, "WS", _address("stream-input", False, "pcm_22050"), script, statuses=(OPEN,),
            manner=manner, text=spoken, output_format="pcm_22050" if spoken else "", audio_of=audio_of_messages,
        )  # fmt: skip
