"""Every method that the official Python client has for the products served here: both clients, both modes.

What the methods give back in detail is told by the tests of each product; these show that none of them was left
out, and that none of them keeps anything where it may not.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import elevenlabs
import httpx
import pytest
from elevenlabs.realtime import AudioFormat, RealtimeEvents

from tests.fakes.running_server import RunningServer, running_server

pytestmark = [
    pytest.mark.api,
    pytest.mark.claim("Z2"),
    # The client reads the reason of a close by a name that its own library has deprecated.
    pytest.mark.filterwarnings("ignore:ConnectionClosed:DeprecationWarning"),
]

PRODUCTS = (
    "text_to_speech",
    "text_to_dialogue",
    "speech_to_speech",
    "speech_to_text",
    "pronunciation_dictionaries",
)
VOICE, TEXT = "JBFqnCBsd6RMkjVDRZzb", "Hello."
SOUND = struct.pack("<16000h", *([8000, -8000] * 8000))
RULE = {"type": "alias", "string_to_replace": "UN", "alias": "United Nations"}
PLS = b"""<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" xml:lang="en-GB">
  <lexeme><grapheme>UN</grapheme><alias>United Nations</alias></lexeme>
</lexicon>"""
SPEECH: dict[str, Any] = {"text": TEXT, "output_format": "pcm_22050"}
DIALOGUE: dict[str, Any] = {
    "inputs": [elevenlabs.DialogueInput(text=TEXT, voice_id=VOICE)],
    "output_format": "pcm_22050",
}
RECORDING: dict[str, Any] = {"audio": SOUND, "file_format": "pcm_s16le_16", "output_format": "pcm_16000"}


@contextlib.contextmanager
def plain_client(server: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


@contextlib.asynccontextmanager
async def a_client(server: RunningServer, is_async: bool) -> AsyncIterator[Any]:
    """Either client."""
    if not is_async:
        with plain_client(server) as client:
            yield client
        return
    async with httpx.AsyncClient(timeout=60) as connections:
        yield elevenlabs.AsyncElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


@dataclass(frozen=True, slots=True)
class Given:
    """What a method is called with: a client of either kind, and what there is already."""

    client: Any
    server: RunningServer
    switch: dict[str, bool]

    def transcript_id(self) -> str:
        with plain_client(self.server) as client:
            kept = client.speech_to_text.convert(model_id="scribe_v1", file=SOUND, file_format="pcm_s16le_16")
            assert isinstance(kept, elevenlabs.SpeechToTextChunkResponseModel)
            assert kept.transcription_id is not None
            return kept.transcription_id

    def dictionary(self) -> tuple[str, str]:
        """The ids of a dictionary with one rule and of its version."""
        with plain_client(self.server) as client:
            made = client.pronunciation_dictionaries.create_from_rules(name="given", rules=[RULE])
            return made.id, made.version_id


@dataclass(frozen=True, slots=True)
class Method:
    """call: returns what the method does; is_right: whether that is what it should be, given whether it is kept."""

    call: Callable[[Given], Any]
    is_right: Callable[[Any, bool], bool]
    has_switch: bool = True
    makes_item: bool = False


def is_speech(pieces: list[bytes], _is_kept: bool) -> bool:
    return len(b"".join(pieces)) > 10_000


def is_timed(pieces: Any, _is_kept: bool) -> bool:
    pieces = pieces if isinstance(pieces, list) else [pieces]
    text = "".join("".join(piece.alignment.characters) for piece in pieces if piece.alignment)
    return text == TEXT and len(b"".join(base64.b64decode(piece.audio_base_64) for piece in pieces)) > 10_000


def is_transcript(answer: Any, is_kept: bool) -> bool:
    return bool(answer.text == "Null transcript." and (answer.transcription_id is not None) is is_kept)


def has_rules(count: int) -> Callable[[Any, bool], bool]:
    return lambda made, _is_kept: made.version_rules_num == count


async def listen(given: Given) -> dict[str, dict[str, Any]]:
    """Say a second to a live session; returns its last event of each kind."""
    options = {"model_id": "scribe_v2_realtime", "audio_format": AudioFormat.PCM_16000, "sample_rate": 16_000}
    events: dict[str, dict[str, Any]] = {}
    is_committed = asyncio.Event()
    opened = await given.client.speech_to_text.realtime.connect(options | given.switch)
    opened.on(RealtimeEvents.SESSION_STARTED, lambda said: events.update(started=said))
    opened.on(RealtimeEvents.COMMITTED_TRANSCRIPT, lambda said: events.update(committed=said))
    opened.on(RealtimeEvents.COMMITTED_TRANSCRIPT, lambda _said: is_committed.set())
    await opened.send({"audio_base_64": base64.b64encode(SOUND).decode()})
    await opened.commit()
    async with asyncio.timeout(20):
        await is_committed.wait()
    await opened.close()
    return events


def has_listened(events: dict[str, dict[str, Any]], is_kept: bool) -> bool:
    return bool(events["started"]["config"]["enable_logging"] is is_kept and events["committed"]["text"])


def speaks(
    call: Callable[[Given], Any], is_right: Callable[[Any, bool], bool] = is_speech, *, has_switch: bool = True
) -> Method:
    return Method(call, is_right, has_switch=has_switch, makes_item=True)


def edits(call: Callable[[Given], Any], is_right: Callable[[Any, bool], bool]) -> Method:
    """Nothing of it can be done with zero retention, so there is no switch."""
    return Method(call, is_right, has_switch=False)


METHODS = {
    "text_to_speech.convert": speaks(lambda g: g.client.text_to_speech.convert(VOICE, **SPEECH, **g.switch)),
    "text_to_speech.stream": speaks(lambda g: g.client.text_to_speech.stream(VOICE, **SPEECH, **g.switch)),
    "text_to_speech.convert_with_timestamps": speaks(
        lambda g: g.client.text_to_speech.convert_with_timestamps(VOICE, **SPEECH, **g.switch), is_timed
    ),
    "text_to_speech.stream_with_timestamps": speaks(
        lambda g: g.client.text_to_speech.stream_with_timestamps(VOICE, **SPEECH, **g.switch), is_timed
    ),
    "text_to_speech.convert_realtime": speaks(
        lambda g: g.client.text_to_speech.convert_realtime(VOICE, text=iter([TEXT]), output_format="pcm_22050"),
        has_switch=False,
    ),
    "text_to_dialogue.convert": speaks(lambda g: g.client.text_to_dialogue.convert(**DIALOGUE, **g.switch)),
    "text_to_dialogue.stream": speaks(lambda g: g.client.text_to_dialogue.stream(**DIALOGUE, **g.switch)),
    "text_to_dialogue.convert_with_timestamps": speaks(
        lambda g: g.client.text_to_dialogue.convert_with_timestamps(**DIALOGUE, **g.switch), is_timed
    ),
    "text_to_dialogue.stream_with_timestamps": speaks(
        lambda g: g.client.text_to_dialogue.stream_with_timestamps(**DIALOGUE, **g.switch), is_timed
    ),
    "speech_to_speech.convert": speaks(lambda g: g.client.speech_to_speech.convert(VOICE, **RECORDING, **g.switch)),
    "speech_to_speech.stream": speaks(lambda g: g.client.speech_to_speech.stream(VOICE, **RECORDING, **g.switch)),
    "speech_to_text.convert": Method(
        lambda g: g.client.speech_to_text.convert(
            model_id="scribe_v1", file=SOUND, file_format="pcm_s16le_16", **g.switch
        ),
        is_transcript,
    ),
    "speech_to_text.realtime.connect": Method(listen, has_listened),
    "speech_to_text.transcripts.get": Method(
        lambda g: g.client.speech_to_text.transcripts.get(g.transcript_id()), is_transcript, has_switch=False
    ),
    "speech_to_text.transcripts.delete": Method(
        lambda g: g.client.speech_to_text.transcripts.delete(g.transcript_id()),
        lambda answer, _is_kept: bool(answer),
        has_switch=False,
    ),
    "pronunciation_dictionaries.create_from_file": edits(
        lambda g: g.client.pronunciation_dictionaries.create_from_file(name="file", file=PLS), has_rules(1)
    ),
    "pronunciation_dictionaries.create_from_rules": edits(
        lambda g: g.client.pronunciation_dictionaries.create_from_rules(name="rules", rules=[RULE]), has_rules(1)
    ),
    "pronunciation_dictionaries.get": edits(
        lambda g: g.client.pronunciation_dictionaries.get(g.dictionary()[0]),
        lambda shown, _is_kept: [rule.string_to_replace for rule in shown.rules] == ["UN"],
    ),
    "pronunciation_dictionaries.list": edits(
        lambda g: g.dictionary() and g.client.pronunciation_dictionaries.list(page_size=100),
        lambda page, _is_kept: "given" in {one.name for one in page.pronunciation_dictionaries},
    ),
    "pronunciation_dictionaries.update": edits(
        lambda g: g.client.pronunciation_dictionaries.update(g.dictionary()[0], name="renamed"),
        lambda shown, _is_kept: shown.name == "renamed",
    ),
    "pronunciation_dictionaries.download": edits(
        lambda g: g.client.pronunciation_dictionaries.download(*g.dictionary()),
        lambda pieces, _is_kept: b"United Nations" in b"".join(pieces),
    ),
    "pronunciation_dictionaries.rules.add": edits(
        lambda g: g.client.pronunciation_dictionaries.rules.add(
            g.dictionary()[0], rules=[{**RULE, "string_to_replace": "EU"}]
        ),
        has_rules(2),
    ),
    "pronunciation_dictionaries.rules.remove": edits(
        lambda g: g.client.pronunciation_dictionaries.rules.remove(g.dictionary()[0], rule_strings=["UN"]),
        has_rules(0),
    ),
    "pronunciation_dictionaries.rules.set": edits(
        lambda g: g.client.pronunciation_dictionaries.rules.set(g.dictionary()[0], rules=[]), has_rules(0)
    ),
}
ONLY_SYNC = {"text_to_speech.convert_realtime"}
CASES = [
    pytest.param(
        name, is_async, is_kept, id=f"{name}-{'async' if is_async else 'sync'}-{'kept' if is_kept else 'zero'}"
    )
    for name, method in METHODS.items()
    for is_async in ((False,) if name in ONLY_SYNC else (False, True))
    for is_kept in ((True, False) if method.has_switch else (True,))
]


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with fixed words for every sound, over TLS: sockets of the client dial nothing else."""
    flags = ("--tls-self-signed", "--engines", "1", "--gateways", "1")
    variables = {"ECHOLESS_MEDIA_ENGINE": "null", "ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "1"}
    with (
        running_server(tmp_path_factory.mktemp("methods"), *flags, variables=variables) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SSL_CERT_FILE", str(running.data_directory / "tls" / "self-signed.crt"))
        yield running


def members(node: Any, before: str) -> Iterator[tuple[str, Any]]:
    """The public methods below a product of a client, with their dotted names."""
    for name in dir(node):
        if name.startswith("_") or name == "with_raw_response":
            continue
        member = getattr(node, name)
        if inspect.ismethod(member):
            yield f"{before}.{name}", member
        elif type(member).__module__.startswith("elevenlabs."):
            yield from members(member, f"{before}.{name}")


async def taken(answer: Any) -> Any:
    """Wait for what a method of either client gives, and read all of it."""
    if inspect.isawaitable(answer):
        answer = await answer
    if isinstance(answer, AsyncIterator):
        return [piece async for piece in answer]
    return list(answer) if isinstance(answer, Iterator) else answer


def history_count(server: RunningServer) -> int:
    with plain_client(server) as client:
        return len(client.history.list(page_size=1000).history)


@pytest.mark.anyio
@pytest.mark.parametrize("is_async", [False, True])
async def test_no_method_and_no_switch_of_the_client_is_left_out(over_tls: RunningServer, is_async: bool) -> None:
    async with a_client(over_tls, is_async) as client:
        found = dict(pair for product in PRODUCTS for pair in members(getattr(client, product), product))
    assert found.keys() == METHODS.keys() - (ONLY_SYNC if is_async else set())
    with_switch = {name for name, one in found.items() if "enable_logging" in inspect.signature(one).parameters}
    # Its switch is one of its options.
    with_switch.add("speech_to_text.realtime.connect")
    assert with_switch == {name for name, method in METHODS.items() if method.has_switch}


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "is_async", "is_kept"), CASES)
@pytest.mark.seed("S10")
async def test_each_method_does_its_work_and_keeps_only_what_it_may(
    over_tls: RunningServer, name: str, is_async: bool, is_kept: bool
) -> None:
    method = METHODS[name]
    before = history_count(over_tls)
    async with a_client(over_tls, is_async) as client:
        switch = {"enable_logging": is_kept} if method.has_switch else {}
        answer = await taken(method.call(Given(client, over_tls, switch)))
    assert method.is_right(answer, is_kept)
    assert history_count(over_tls) - before == int(method.makes_item and is_kept)
