"""A remote with OpenAI's speech API."""

from __future__ import annotations

import json
import re

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import InputFormat, TranscriptEnded, TranscriptPart
from echoless.crossing.records import SpeechBegan, SpeechEnded
from tests.fakes.outside import Asked, Said
from tests.fakes.remotes import KEY, audio_of, speak, transcribe, upstream

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PCM = bytes(range(1, 241)) * 200
HEARD = {
    "language": "german", "duration": 2.5, "text": "Guten Tag, Welt!",
    "words": [
        {"word": "Guten", "start": 0.1, "end": 0.5}, {"word": "Tag", "start": 0.6, "end": 0.9},
        {"word": "Welt", "start": 1.0, "end": 1.6},
    ],
    "segments": [{"start": 0.0, "end": 2.5, "text": "Guten Tag, Welt!", "avg_logprob": -0.25}],
}  # fmt: skip


async def test_speech_is_asked_for_and_passed_on() -> None:
    async with upstream(
        "openai", lambda _asked: Said(pieces=[PCM[:5000], PCM[5000:]]), default_voice="alloy"
    ) as remote:
        parts = await remote.spoken(speak())
    assert parts[0] == SpeechBegan(None)
    assert audio_of(parts) == PCM
    assert parts[-1] == SpeechEnded("", 1000, len(PCM))
    (asked,) = remote.outside.asked
    assert (asked.method, asked.path) == ("POST", "/v1/audio/speech")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(asked.body) == {
        "model": "eleven_flash_v2_5", "input": "Nobody knows.", "voice": "alloy", "response_format": "pcm",
        "speed": 1.0,
    }  # fmt: skip


async def test_models_and_voices_have_the_names_that_the_operator_gave() -> None:
    async with upstream(
        "openai", lambda _asked: Said(body=PCM), models={"eleven_flash_v2_5": "tts-1"},
        voices={"JBFqnCBsd6RMkjVDRZzb": "onyx"}, default_voice="alloy",
    ) as remote:  # fmt: skip
        await remote.spoken(speak())
    body = json.loads(remote.outside.asked[0].body)
    assert (body["model"], body["voice"]) == ("tts-1", "onyx")


async def test_a_format_that_such_servers_do_not_lay_down_is_refused_before_anything_leaves() -> None:
    async with upstream("openai", lambda _asked: Said(body=PCM)) as remote:
        for job in (speak(output_format="mp3_44100_128"), speak(wants_alignment=True)):
            with pytest.raises(EcholessError) as caught:
                await remote.spoken(job)
            assert caught.value.code is ErrorCode.INVALID_PARAMETERS
        with pytest.raises(EcholessError):
            remote.pool.convert("upstream", None, None, model_id="m", is_zero=False)  # type: ignore[arg-type]  # not read
    assert remote.outside.connection_count == 0


async def test_a_declared_format_is_held_to_its_word() -> None:
    """What the operator said of the server's MP3 is compared with the first frame."""
    right = b"\xff\xfb\x90\xc4" + bytes(2000)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz
    wrong = b"\xff\xf3\x90\xc4" + bytes(2000)  # MPEG-2
    answers = iter([Said(body=right), Said(body=wrong), Said(body=b'{"error": "secret"}')])
    async with upstream("openai", lambda _asked: next(answers), formats={"mp3_44100_128": "mp3"}) as remote:
        assert audio_of(await remote.spoken(speak(output_format="mp3_44100_128"))) == right
        for _ in range(2):
            with pytest.raises(EcholessError) as caught:
                await remote.spoken(speak(output_format="mp3_44100_128"))
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ErrorCode.INVALID_PARAMETERS), (401, ErrorCode.ENGINE_UNAVAILABLE),
        (302, ErrorCode.ENGINE_UNAVAILABLE),
        (429, ErrorCode.CONCURRENT_LIMIT_EXCEEDED), (500, ErrorCode.ENGINE_UNAVAILABLE),
    ],
)  # fmt: skip
async def test_failures_have_our_words_and_a_line_in_the_journal(status: int, code: ErrorCode) -> None:
    """C26: an error's body may echo what was sent; nobody reads it."""
    said = Said(status, {"location": "https://elsewhere.example/"}, b'{"error": "Nobody knows."}')
    async with upstream("openai", lambda _asked: said) as remote:
        with pytest.raises(EcholessError) as caught:
            await remote.spoken(speak())
        assert caught.value.code is code
        assert "Nobody" not in caught.value.public_description
        assert [fields for _, fields in remote.pair.journal.events] == [{"name": "upstream", "http_status": status}]
    assert remote.outside.connection_count == 1


def fields_of(asked: Asked) -> list[tuple[str, bytes]]:
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    found = []
    for part in asked.body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        assert name is not None
        found.append((name[1].decode(), value))
    return found


async def test_a_recording_is_streamed_and_its_words_come_back_with_their_marks() -> None:
    recording = bytes(range(256)) * 4000
    async with upstream("openai", lambda _asked: Said(body=json.dumps(HEARD).encode())) as remote:
        parts = await remote.heard(transcribe(keyterms=["Guten Tag"], language_code="de"), recording)
    words = [word for part in parts if isinstance(part, TranscriptPart) for word in part.words]
    assert "".join(word.text for word in words) == "Guten Tag, Welt!"
    assert [(word.text, word.start_s, word.end_s) for word in words] == [
        ("Guten", 0.1, 0.5), (" ", 0.5, 0.6), ("Tag,", 0.6, 0.9), (" ", 0.9, 1.0), ("Welt!", 1.0, 1.6),
    ]  # fmt: skip
    assert words[0].logprob == -0.25
    assert parts[-1] == TranscriptEnded("", 2500, 1, "de", 1.0)
    (asked,) = remote.outside.asked
    assert asked.headers["transfer-encoding"] == "chunked"
    fields = fields_of(asked)
    assert dict(fields)["file"] == recording
    assert dict(fields)["prompt"] == b"Guten Tag"
    assert b'filename="recording"' in asked.body


async def test_bare_samples_get_the_head_of_a_wave_file() -> None:
    async with upstream("openai", lambda _asked: Said(body=json.dumps(HEARD).encode())) as remote:
        await remote.heard(transcribe(input_format=InputFormat.PCM_S16LE_16), PCM)
    file = dict(fields_of(remote.outside.asked[0]))["file"]
    assert file[:4] + file[8:12] == b"RIFFWAVE"
    assert file[44:] == PCM


async def test_a_compressed_answer_that_nobody_asked_for_is_no_audio() -> None:
    said = Said(headers={"content-encoding": "gzip"}, body=PCM)
    async with upstream("openai", lambda _asked: said, default_voice="alloy") as remote:
        with pytest.raises(EcholessError) as caught:
            await remote.spoken(speak())
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


async def test_a_remote_that_goes_away_fails_the_job() -> None:
    async with upstream("openai", lambda _asked: Said(pieces=[PCM], breaks_off=True)) as remote:
        with pytest.raises(EcholessError) as caught:
            await remote.spoken(speak())
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
