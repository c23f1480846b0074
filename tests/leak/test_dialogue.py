"""Within a second after a zero-retention dialogue no copy of its lines, tags or audio is in any process (C32, C33).

Levelling goes through numpy, whispers through another voice, and tags are text that is never spoken: each is a way
in which something could stay.
"""

from __future__ import annotations

import base64
import json

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.search.needles import audio_needles, base64_audio_needles
from tests.leak.conftest import SEED, Watched

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"
DIALOGUE = "/v1/text-to-dialogue"


def body_of(canaries: list[Canary], tag: Canary, **more: object) -> dict[str, object]:
    lines = [
        {"text": f"[whispers] [{tag.text[:60]}] {canaries[0].text}", "voice_id": RACHEL},
        {"text": f"{canaries[1].text} [shouts] Now!", "voice_id": GEORGE},
        {"text": canaries[2].text, "voice_id": RACHEL},
    ]
    return {"inputs": lines, "seed": SEED, **more}


def speak(watched: Watched, client: AuditClient, body: dict[str, object], suffix: str, output_format: str) -> bytes:
    path = f"{DIALOGUE}{suffix}?enable_logging=false&output_format={output_format}"
    answer = client.request("POST", path, body)
    assert answer.status == 200, answer.body
    assert answer.headers["x-echoless-retention"] == "zero"
    audio = answer.body
    if suffix == "/with-timestamps":
        audio = base64.b64decode(json.loads(answer.body)["audio_base64"])
    watched.needles += audio_needles(audio, f"dialogue{suffix}", output_format)
    watched.needles += base64_audio_needles(audio, f"dialogue{suffix}", output_format)
    return audio


@pytest.mark.seed("S3.3")
def test_nothing_is_left_of_a_dialogue(watched: Watched, client: AuditClient, mint: CanaryMint) -> None:
    canaries = [mint.plain(f"dialogue line {number}", 120, is_kept=False) for number in range(3)]
    tag = mint.plain("dialogue tag", 60, is_kept=False)
    watched.watch([*canaries, tag])
    body = body_of(canaries, tag)
    for suffix, output_format in (
        ("", "mp3_44100_128"), ("/stream", "pcm_22050"), ("/with-timestamps", "pcm_16000"), ("", "wav_22050"),
    ):  # fmt: skip
        first = speak(watched, client, body, suffix, output_format)
        watched.assert_clean()
        assert speak(watched, client, body, suffix, output_format) == first
    watched.assert_clean()


def test_a_dictionary_leaves_nothing_of_the_request_that_used_it(
    watched: Watched, client: AuditClient, mint: CanaryMint
) -> None:
    rule = {"type": "alias", "string_to_replace": "hello", "alias": "good day"}
    made = client.request("POST", "/v1/pronunciation-dictionaries/add-from-rules", {"name": "n", "rules": [rule]})
    assert made.status == 200
    canaries = [mint.plain(f"dictionary line {number}", 60, is_kept=False) for number in range(3)]
    tag = mint.plain("dictionary tag", 60, is_kept=False)
    watched.watch([*canaries, tag])
    locators = [{"pronunciation_dictionary_id": json.loads(made.body)["id"]}]
    body = body_of(canaries, tag, pronunciation_dictionary_locators=locators)
    speak(watched, client, body, "/stream", "mp3_44100_128")
    watched.assert_clean()
    refused = body | {"pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": canaries[0].words[0]}]}
    path = f"{DIALOGUE}?enable_logging=false"
    assert client.request("POST", path, refused).status == 404
    assert client.request("POST", path, body | {"model_id": "eleven_flash_v2"}).status == 400
    watched.assert_clean()
