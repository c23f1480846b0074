"""Of what a zero-retention socket said nothing is left: neither while it is open and idle, nor after it (C32).

A socket that has spoken stays open with an encoder in an engine and a parser in a gateway: both must have let go of
what went through them.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search.needles import audio_needles, base64_audio_needles
from tests.leak.conftest import Watched, watching

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]

VOICE = "JBFqnCBsd6RMkjVDRZzb"
INIT = {"text": " "}
QUIET_S = 2.0


@contextmanager
def socket_to(watched: Watched, name: str, output_format: str, more: str = "") -> Iterator[ClientConnection]:
    """Open a zero-retention socket whose server keeps its connection for as long as the block runs."""
    address = watched.server.url.replace("http", "ws", 1)
    path = f"/v1/text-to-speech/{VOICE}/{name}?enable_logging=false&output_format={output_format}{more}"
    context = None
    if address.startswith("wss"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    headers = {"xi-api-key": watched.server.api_key}
    with connect(address + path, additional_headers=headers, ssl=context, max_size=None) as opened:
        assert opened.response is not None
        assert opened.response.headers["x-echoless-retention"] == "zero"
        yield opened


def say(opened: ClientConnection, *messages: dict[str, object]) -> None:
    for message in messages:
        opened.send(json.dumps(message))


def heard_until(opened: ClientConnection, characters: int) -> bytes:
    """Read messages until the times of so many characters have come and nothing more follows; return the audio."""
    audio, count = b"", 0
    while True:
        try:
            message = json.loads(opened.recv(20 if count < characters else QUIET_S))
        except TimeoutError:
            assert count == characters
            return audio
        assert "error" not in message
        audio += base64.b64decode(message["audio"] or "")
        count += len((message["alignment"] or {"chars": ""})["chars"])


def rest_of(opened: ClientConnection) -> bytes:
    """Read to the final message, and the close after it."""
    audio = b""
    for text in opened:
        audio += base64.b64decode(json.loads(text)["audio"] or "")
    assert opened.close_code == 1000
    return audio


def spoken(canary: Canary) -> str:
    return canary.text + ". "


@pytest.mark.parametrize("output_format", ["mp3_44100_128", "pcm_22050", "opus_48000_64"])
@pytest.mark.parametrize("characters", [5, 300, 5_000])
def test_nothing_is_left_while_a_socket_is_open_and_idle_nor_after_it(
    watched: Watched, mint: CanaryMint, output_format: str, characters: int
) -> None:
    canary = (
        mint.short("5", is_kept=False)
        if characters == 5
        else mint.plain(str(characters), characters, is_kept=False)
    )
    watched.watch([canary])
    with socket_to(watched, "stream-input", output_format, "&seed=7") as opened:
        say(opened, INIT, {"text": spoken(canary), "flush": True})
        audio = heard_until(opened, len(spoken(canary)))
        # The encoder still has its state: the stream may go on. What was said is gone.
        watched.assert_clean()
        say(opened, {"text": ""})
        rest_of(opened)
    said_only = watched.needles
    watched.needles = said_only + audio_needles(audio, "audio", output_format)
    watched.needles += base64_audio_needles(audio, "audio", output_format)
    watched.assert_clean()
    # The silence between two phrases is the same bytes in every stream that is open.
    watched.needles = said_only


def test_text_in_the_buffer_is_found_and_then_gone(watched: Watched, mint: CanaryMint) -> None:
    """The search works on these very processes: what waits for its end is found (C34)."""
    canary = mint.plain("in the buffer", 60, is_kept=False)
    watched.watch([canary])
    with socket_to(watched, "stream-input", "pcm_22050") as opened:
        say(opened, INIT, {"text": canary.text})
        assert watched.search().owners() == {"in the buffer"}
        say(opened, {"text": ""})
        assert rest_of(opened)
    watched.assert_clean()


def test_nothing_is_left_of_contexts(watched: Watched, mint: CanaryMint) -> None:
    canaries = [mint.plain(f"context {number}", 60, is_kept=False) for number in range(5)]
    watched.watch(canaries)
    with socket_to(watched, "multi-stream-input", "mp3_22050_32") as opened:
        for number, canary in enumerate(canaries):
            say(opened, INIT | {"context_id": str(number)})
            say(opened, {"text": spoken(canary), "context_id": str(number), "flush": True})
        heard_until(opened, sum(len(spoken(canary)) for canary in canaries))
        watched.assert_clean()
        say(opened, {"close_context": True, "context_id": "0"}, {"close_socket": True})
        rest_of(opened)
    watched.assert_clean()


@pytest.mark.parametrize("kind", ["accented", "cyrillic", "emoji"])
def test_nothing_is_left_of_other_scripts(watched: Watched, mint: CanaryMint, kind: str) -> None:
    canary: Canary = getattr(mint, kind)(kind, is_kept=False)
    watched.watch([canary])
    with socket_to(watched, "stream-input", "mp3_44100_128", "&auto_mode=true") as opened:
        say(opened, INIT, {"text": spoken(canary)})
        heard_until(opened, len(spoken(canary)))
        watched.assert_clean()
    watched.assert_clean()


def test_nothing_is_left_of_a_socket_that_vanishes_or_is_refused(watched: Watched, mint: CanaryMint) -> None:
    left = mint.plain("left", 20_000, is_kept=False)
    wrong = [mint.plain(f"wrong {number}", 60, is_kept=False) for number in range(3)]
    watched.watch([left, *wrong])
    with socket_to(watched, "stream-input", "pcm_22050") as opened:
        say(opened, INIT, {"text": left.text, "flush": True})
        opened.recv(10)
        opened.socket.close()
    for canary, message in zip(
        wrong, ("%s", '{"text": "%s", "voice_settings": {"speed": "%s"}}', '{"text": {"%s": 1}}'), strict=True
    ):
        with socket_to(watched, "stream-input", "pcm_22050") as opened:
            opened.send(message.replace("%s", canary.text))
            assert json.loads(opened.recv(10))["error"] == "invalid_message"
    watched.assert_clean()


def test_nothing_is_left_over_tls(tmp_path: Path, mint: CanaryMint) -> None:
    canary = mint.plain("over tls", 300, is_kept=False)
    for over_tls in watching(tmp_path, "--tls-self-signed", "--engines", "1", "--gateways", "1"):
        over_tls.watch([canary])
        with socket_to(over_tls, "stream-input", "mp3_44100_128") as opened:
            say(opened, INIT, {"text": spoken(canary), "flush": True})
            heard_until(opened, len(spoken(canary)))
            over_tls.assert_clean()
            say(opened, {"text": ""})
            rest_of(opened)
        over_tls.assert_clean()
