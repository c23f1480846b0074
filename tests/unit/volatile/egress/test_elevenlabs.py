"""ElevenLabs itself as a remote."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event
from echoless.crossing.media_records import SpeakerNames, TranscriptEnded, TranscriptPart
from echoless.crossing.records import AlignmentPart, SpeechEnded
from echoless.volatile.egress.elevenlabs import ElevenLabsRemote
from tests.fakes.outside import Asked, Said
from tests.fakes.remotes import KEY, Upstream, audio_of, convert, speak, transcribe, upstream
from tests.unit.volatile.egress.test_openai import fields_of

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PCM = bytes(range(1, 241)) * 200
HEARD = {
    "language_code": "eng", "language_probability": 0.98, "text": "Hi there.", "audio_duration_secs": 1.5,
    "words": [
        {"text": "Hi", "start": 0.1, "end": 0.3, "type": "word", "speaker_id": "speaker_0", "logprob": -0.02},
        {"text": " ", "start": 0.3, "end": 0.4, "type": "spacing", "speaker_id": "speaker_0", "logprob": 0.0},
        {"text": "there.", "start": 0.4, "end": 0.9, "type": "word", "speaker_id": "speaker_1", "logprob": -0.1},
    ],
}  # fmt: skip


def query_of(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


def kinds(remote: Upstream) -> list[tuple[Event, Any]]:
    return [(event, fields.get("reason")) for event, fields in remote.pair.journal.events]


@pytest.mark.claim("Z20")
@pytest.mark.parametrize("is_zero", [True, False])
async def test_zero_retention_work_always_says_so_upstream(is_zero: bool) -> None:
    """C49: each of the three kinds of work; and work that is kept here is not asked to be unkept there."""

    def script(asked: Asked) -> Said:
        return Said(body=json.dumps(HEARD).encode() if "speech-to-text" in asked.path else PCM)

    async with upstream("elevenlabs", script) as remote:
        await remote.spoken(speak(), is_zero=is_zero)
        await remote.converted(convert(), b"recorded", is_zero=is_zero)
        await remote.heard(transcribe(), b"recorded", is_zero=is_zero)
    assert [query_of(asked).get("enable_logging") for asked in remote.outside.asked] == [
        ["false"] if is_zero else None
    ] * 3
    assert all(asked.headers["xi-api-key"] == KEY for asked in remote.outside.asked)


async def test_speech_has_the_same_voice_settings_and_format() -> None:
    async with upstream("elevenlabs", lambda _asked: Said(pieces=[PCM])) as remote:
        parts = await remote.spoken(speak(output_format="pcm_16000", seed=5, previous_text="Before."))
    assert audio_of(parts) == PCM
    assert parts[-1] == SpeechEnded("", 1500, len(PCM))
    (asked,) = remote.outside.asked
    assert urlsplit(asked.path).path == "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/stream"
    assert query_of(asked) == {"output_format": ["pcm_16000"]}
    body = json.loads(asked.body)
    assert body == {
        "text": "Nobody knows.", "model_id": "eleven_flash_v2_5", "seed": 5, "previous_text": "Before.",
        "voice_settings": {"speed": 1.0, "stability": 0.5}, "apply_text_normalization": "auto",
    }  # fmt: skip


async def test_a_wave_file_is_asked_for_whole() -> None:
    wave = b"RIFF" + bytes(20) + (24000).to_bytes(4, "little") + bytes(16) + PCM
    async with upstream("elevenlabs", lambda _asked: Said(body=wave)) as remote:
        parts = await remote.spoken(speak(output_format="wav_24000"))
    assert urlsplit(remote.outside.asked[0].path).path == "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"
    assert (parts[0].audio_bytes, audio_of(parts)) == (len(wave), wave)  # type: ignore[union-attr]  # SpeechBegan


async def test_character_times_come_with_their_audio() -> None:
    times = {
        "characters": ["H", "i"], "character_start_times_seconds": [0.0, 0.1],
        "character_end_times_seconds": [0.1, 0.2],
    }  # fmt: skip
    lines = [
        {"audio_base64": base64.b64encode(PCM[:100]).decode(), "alignment": times, "normalized_alignment": times},
        {"audio_base64": base64.b64encode(PCM[100:]).decode(), "alignment": None, "normalized_alignment": None},
    ]
    data = b"".join(json.dumps(line).encode() + b"\n\n" for line in lines)
    async with upstream("elevenlabs", lambda _asked: Said(pieces=[data[:57], data[57:]])) as remote:
        parts = await remote.spoken(speak(wants_alignment=True))
    assert audio_of(parts) == PCM
    (found,) = [part for part in parts if isinstance(part, AlignmentPart)]
    assert found == AlignmentPart(["H", "i"], [0.0, 0.1], [0.1, 0.2], ["H", "i"], [0.0, 0.1], [0.1, 0.2])
    assert urlsplit(remote.outside.asked[0].path).path.endswith("/stream/with-timestamps")


async def test_a_recording_is_converted() -> None:
    recording = bytes(range(256)) * 3000
    async with upstream("elevenlabs", lambda _asked: Said(pieces=[PCM])) as remote:
        assert audio_of(await remote.converted(convert(), recording)) == PCM
    (asked,) = remote.outside.asked
    assert urlsplit(asked.path).path == "/v1/speech-to-speech/JBFqnCBsd6RMkjVDRZzb/stream"
    fields = dict(fields_of(asked))
    assert fields["audio"] == recording
    assert fields["remove_background_noise"] == b"true"
    assert json.loads(fields["voice_settings"]) == {"stability": 0.5}


async def test_a_recording_is_written_down_with_its_speakers() -> None:
    async with upstream("elevenlabs", lambda _asked: Said(body=json.dumps(HEARD).encode())) as remote:
        parts = await remote.heard(transcribe(is_diarized=True, speaker_count=2, keyterms=["a", "b"]), b"recorded")
    (part,) = [part for part in parts if isinstance(part, TranscriptPart)]
    assert [word.text for word in part.words] == ["Hi", " ", "there."]
    assert [part for part in parts if isinstance(part, SpeakerNames)] == [SpeakerNames([0, 0, 1])]
    assert parts[-1] == TranscriptEnded("", 1500, 1, "en", 0.98)
    fields = fields_of(remote.outside.asked[0])
    assert [value for name, value in fields if name == "keyterms"] == [b"a", b"b"]
    assert dict(fields)["num_speakers"] == b"2"


async def test_each_channel_has_its_words() -> None:
    heard = {"transcripts": [HEARD | {"channel_index": 0}, HEARD | {"channel_index": 1}], "audio_duration_secs": 2}
    async with upstream("elevenlabs", lambda _asked: Said(body=json.dumps(heard).encode())) as remote:
        parts = await remote.heard(transcribe(is_multichannel=True), b"recorded")
    assert [part.channel for part in parts if isinstance(part, TranscriptPart)] == [0, 1]
    assert parts[-1].channel_count == 2  # type: ignore[union-attr]  # TranscriptEnded


# --- what shows that something was kept ---

Work = Callable[[Upstream], Any]
SPOKEN: Work = lambda remote: remote.spoken(speak(), is_zero=True)  # noqa: E731  # a table of works
CONVERTED: Work = lambda remote: remote.converted(convert(), b"recorded", is_zero=True)  # noqa: E731  # as above
HEARD_WORK: Work = lambda remote: remote.heard(transcribe(), b"recorded", is_zero=True)  # noqa: E731  # as above


@pytest.mark.claim("Z20")
@pytest.mark.parametrize(
    ("work", "said", "reason"),
    [
        (SPOKEN, Said(headers={"history-item-id": "x"}, body=PCM), "history_item_id"),
        (CONVERTED, Said(headers={"history-item-id": "x"}, body=PCM), "history_item_id"),
        (HEARD_WORK, Said(body=json.dumps(HEARD | {"transcription_id": "x"}).encode()), "transcription_id"),
    ],
)
async def test_an_answer_that_names_something_kept_is_thrown_away(work: Work, said: Said, reason: str) -> None:
    """C49: and the remote gets no more of such work, while work that may be kept goes on."""
    async with upstream("elevenlabs", lambda _asked: said) as remote:
        with pytest.raises(EcholessError) as caught:
            await work(remote)
        assert caught.value.code is ErrorCode.ZERO_RETENTION_NOT_SUPPORTED
        assert caught.value.param == "model_id"
        assert kinds(remote) == [(Event.REMOTE_KEPT, reason)]
        count = remote.outside.connection_count
        for each in (SPOKEN, CONVERTED, HEARD_WORK):
            with pytest.raises(EcholessError) as refused:
                await each(remote)
            assert refused.value.code is ErrorCode.ZERO_RETENTION_NOT_SUPPORTED
        assert remote.outside.connection_count == count, "nothing more was sent"
        remote.outside.script = lambda _asked: Said(body=PCM)
        assert audio_of(await remote.spoken(speak(), is_zero=False)) == PCM


async def probed(item: dict[str, Any] | None, *, request_id: str = "req-1", is_zero: bool = True) -> Upstream:
    def script(asked: Asked) -> Said:
        if asked.path.startswith("/v1/history"):
            return (
                Said(500) if item is None else Said(body=json.dumps({"history": [item] if item else []}).encode())
            )
        return Said(headers={"request-id": request_id} if request_id else {}, body=PCM)

    async with upstream("elevenlabs", script, probes_history=True) as remote:
        await remote.spoken(speak(), is_zero=is_zero)
        adapter = remote.work.adapter
        assert isinstance(adapter, ElevenLabsRemote)
        await adapter.settled()
        if any(event is Event.REMOTE_KEPT for event, _ in remote.pair.journal.events):
            with pytest.raises(EcholessError):
                await remote.spoken(speak(), is_zero=True)
        return remote


@pytest.mark.claim("Z20")
async def test_a_history_that_lists_the_request_ends_zero_retention_work() -> None:
    now = 2**40
    counted = {"date_unix": now, "character_count_change_from": 10, "character_count_change_to": 10 + 13}
    for item, request_id in (({"request_id": "req-1"}, "req-1"), (counted, "")):
        assert kinds(await probed(item, request_id=request_id)) == [(Event.REMOTE_KEPT, "history")]


async def test_a_history_of_other_requests_shows_nothing() -> None:
    old = {"date_unix": 1, "character_count_change_from": 10, "character_count_change_to": 23}
    other = {"date_unix": 2**40, "character_count_change_from": 10, "character_count_change_to": 11}
    for item, request_id in (({"request_id": "other"}, "req-1"), (old, ""), (other, ""), ({}, "req-1")):
        remote = await probed(item, request_id=request_id)
        assert kinds(remote) == []
        assert remote.outside.asked[-1].path.startswith("/v1/history")


async def test_a_history_that_cannot_be_asked_is_said_and_proves_nothing() -> None:
    remote = await probed(None)
    assert {event for event, _ in remote.pair.journal.events} == {Event.REMOTE_FAILED}


async def test_the_history_is_asked_after_zero_retention_work_only() -> None:
    remote = await probed({}, is_zero=False)
    assert [urlsplit(asked.path).path for asked in remote.outside.asked] == [
        "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/stream"
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"null", b'{"audio_base64": "%%"}', b"[" * 5000])
async def test_nonsense_is_an_error_and_not_a_crash(data: bytes) -> None:
    async with upstream("elevenlabs", lambda _asked: Said(body=data)) as remote:
        for attempt in (remote.spoken(speak(wants_alignment=True)), remote.heard(transcribe(), b"x")):
            try:
                await attempt
            except EcholessError as error:
                assert error.code is ErrorCode.ENGINE_UNAVAILABLE
        assert not [event for event, _ in remote.pair.journal.events if event is Event.UNEXPECTED_ERROR]
