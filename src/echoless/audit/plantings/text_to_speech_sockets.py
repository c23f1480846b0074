"""Text to speech by socket: both sockets, both modes, good frames and bad ones, closed, open and vanished."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner, Planting, Script, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for
from echoless.audit.plantings.text_to_speech import MODEL, SEED, SPEECH

NORMAL: Final = 1000
POLICY: Final = 1008
OPEN: Final = 101
_IN_FRAMES: Final = ("unknown key", "unknown value", "setting name", "setting value", "context")
_FORMATS: Final = ("mp3_44100_128", "pcm_22050", "opus_48000_64", "ulaw_8000")


def speech_socket_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted by the sockets of text to speech."""
    yield from _good(mint, groundwork, is_kept=False)
    yield _contexts(mint, is_kept=False)
    yield from _left_open(mint)
    yield from _refused(mint)
    yield from _vanished(mint)
    if kept_too:
        yield from _good(mint, groundwork, is_kept=True)


def audio_of_messages(body: bytes) -> bytes:
    """Return the audio in the messages of a socket, one a line."""
    messages = [json.loads(line) for line in body.splitlines()]
    return b"".join(base64.b64decode(message.get("audio") or "") for message in messages)


def _frames(*messages: dict[str, Any]) -> Script:
    return Script(tuple(json.dumps(message) for message in messages))


def _address(suffix: str, is_kept: bool, output_format: str, more: str = "") -> str:
    return f"{SPEECH}/{suffix}?output_format={output_format}&seed={SEED}&model_id={MODEL}{switch_of(is_kept)}{more}"


def _clause(mint: CanaryMint, name: str, number: int, *, is_kept: bool) -> Canary:
    make = (mint.accented, mint.cyrillic, mint.emoji)[number % 3]
    return make(f"{name}/text", is_kept=is_kept)


def _good(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    """Yield one stream for each format, with a canary in every place of its frames."""
    for number, output_format in enumerate(_FORMATS):
        name = f"{mode_name(is_kept)}/stream-input {output_format}"
        text = _clause(mint, name, number, is_kept=is_kept)
        around = words_for(mint, name, (*AROUND, *_IN_FRAMES))
        begin: dict[str, Any] = {
            "text": " ",
            "voice_settings": {"stability": 0.5, around["setting name"]: around["setting value"]},
            around["unknown key"]: around["unknown value"],
        }
        if number == 0:
            begin["pronunciation_dictionary_locators"] = groundwork.locators
        said = {"text": f"{text.text} ", "try_trigger_generation": True, "context_id": around["context"]}
        yield Planting(
            name, is_kept, "WS", _address("stream-input", is_kept, output_format, query_of(around)),
            _frames(begin, said, {"text": ""}), headers_of(around), statuses=(NORMAL,), text=text,
            output_format=output_format, audio_of=audio_of_messages, kept_text=f"{text.text} ",
        )  # fmt: skip


def _contexts(mint: CanaryMint, *, is_kept: bool) -> Planting:
    """Return five contexts side by side, one of them closed with text that was never spoken."""
    name = f"{mode_name(is_kept)}/multi-stream-input"
    messages: list[dict[str, Any]] = []
    for number in range(5):
        context = mint.plain(f"{name}/context {number}", 14, is_kept=False).words[0]
        text = mint.plain(f"{name}/text {number}", 60, is_kept=False)
        messages.append({"text": " ", "context_id": context})
        messages.append({"text": f"{text.text}. ", "context_id": context, "flush": number > 0})
        if number == 0:
            messages.append({"context_id": context, "close_context": True})
    # No one of its texts is what all of its audio says: every text is searched for, the audio with the first.
    return Planting(
        name, is_kept, "WS", _address("multi-stream-input", is_kept, "mp3_22050_32"),
        _frames(*messages, {"close_socket": True}), statuses=(NORMAL,), text=text, output_format="mp3_22050_32",
        audio_of=audio_of_messages,
    )  # fmt: skip


def _left_open(mint: CanaryMint) -> Iterator[Planting]:
    """Yield sockets that have said everything they were given, and stay."""
    for suffix in ("stream-input", "multi-stream-input"):
        name = f"zero/open {suffix}"
        text = mint.plain(f"{name}/text", 120, is_kept=False)
        around = words_for(mint, name, AROUND)
        # Of linear samples nothing waits in an encoder, so that what was said is gone though the socket is open.
        yield Planting(
            name, False, "WS", _address(suffix, False, "pcm_22050", f"&inactivity_timeout=180{query_of(around)}"),
            _frames({"text": " "}, {"text": f"{text.text}. ", "flush": True}), headers_of(around), statuses=(OPEN,),
            manner=Manner.HELD_OPEN, text=text, output_format="pcm_22050", audio_of=audio_of_messages,
        )  # fmt: skip


def _refused(mint: CanaryMint) -> Iterator[Planting]:
    """Yield frames that close a socket, and handshakes that open none."""
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/socket refused"
        path = _address("stream-input", is_kept, "pcm_22050")

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        scripts: dict[str, tuple[str | bytes, ...]] = {
            "no json": (word("no json"),),
            "half a json": ('{"text": "' + word("half a json"),),
            "binary": (word("binary").encode(),),
            "wrong type": (json.dumps({"text": {word("wrong type"): 1}}),),
            "setting": (json.dumps({"text": word("setting text"), "voice_settings": {"speed": word("setting")}}),),
            "credential": (json.dumps({"text": " ", "xi_api_key": word("credential").split()[0]}),),
            "misplaced": (json.dumps({"text": word("misplaced"), "enable_logging": False}),),
            "changed settings": (
                json.dumps({"text": " "}),
                json.dumps({"text": word("changed settings"), "voice_settings": {"stability": 0.1}}),
            ),
        }
        for problem, frames in scripts.items():
            headers = {"xi-api-key": ""} if problem == "credential" else {}
            yield Planting(f"{base}/{problem}", is_kept, "WS", path, Script(frames), headers, statuses=(POLICY,))
        unknown = path.replace(SPEECH, f"/v1/text-to-speech/{word('voice').split()[0]}")
        yield Planting(f"{base}/voice", is_kept, "WS", unknown, Script(()), statuses=(POLICY,))
        query = f"{path}&inactivity_timeout={word('query').split()[0]}"
        yield Planting(f"{base}/query", is_kept, "WS", query, Script(()), statuses=(POLICY,))


def _vanished(mint: CanaryMint) -> Iterator[Planting]:
    """Yield sockets whose client is gone: while they speak, and with text in the buffer."""
    for manner, characters in ((Manner.CANCELLED, 20_000), (Manner.LEFT_WHILE_SENDING, 300)):
        name = f"zero/socket {manner.value}"
        text = mint.plain(f"{name}/text", characters, is_kept=False)
        said = {"text": text.text, "flush": manner is Manner.CANCELLED}
        path = _address("stream-input", False, "pcm_22050")
        yield Planting(
            name, False, "WS", path, _frames({"text": " "}, said), statuses=(OPEN,), manner=manner,
        )  # fmt: skip
