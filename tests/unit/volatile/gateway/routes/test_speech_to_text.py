"""Speech to text over a fake vault and a fake media process."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_client import Delivery, Webhook
from echoless.crossing.kept_records import DeleteTranscript
from echoless.crossing.media_records import InputFormat, RenderTranscript, Transcribe, WordKind
from echoless.crossing.query_records import Done
from echoless.crossing.records import CloseStatus, OpenTicket, Refused
from echoless.crossing.webhook_records import NoteDelivery, UseWebhooks, WebhookTarget, WebhookTargets
from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.app import build_app
from tests.fakes.fake_media import HELLO, FakeMedia, word
from tests.fakes.form_body import HEADERS, fields, form, in_pieces, part
from tests.fakes.gateway import Gateway, Reply, gateway_config, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/speech-to-text"
SOUND = bytes(range(256)) * 2000
FILE = part("file", SOUND, "voice_sample.mp3")
MODEL = part("model_id", "scribe_v1")
# What the Python client sends for everything that is not set.
UNSET = fields([("webhook_metadata", "null"), ("entity_detection", "null"), ("entity_redaction", "null")])


async def send(gateway: Gateway, *parts: bytes, query: str = "", **more: Any) -> Reply:
    return await gateway.ask("POST", PATH + query, pieces=in_pieces(form(*parts), 60_000), headers=HEADERS, **more)


def job_of(gateway: Gateway) -> Transcribe:
    order = gateway.media.jobs[0].order
    assert isinstance(order, Transcribe)
    return order


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("parts", [(MODEL, UNSET, FILE), (MODEL, FILE, UNSET), (FILE, UNSET, MODEL)])
async def test_a_recording_is_written_down_in_both_modes(parts: tuple[bytes, ...]) -> None:
    for query, mode in (("", RetentionMode.DEFAULT), ("?enable_logging=false", RetentionMode.ZERO)):
        async with running_gateway() as gateway:
            reply = await send(gateway, *parts, query=query)
            assert (reply.status, reply.is_complete) == (200, True)
            kept, answer = gateway.vault.last, reply.json
            assert answer["text"] == "Hello there."
            assert (answer["language_code"], answer["language_probability"]) == ("eng", 0.9)
            assert answer["audio_duration_secs"] == 1.0
            assert [said["type"] for said in answer["words"]] == ["word", "spacing", "word"]
            assert answer["words"][0] == {
                "text": "Hello", "start": 0.1, "end": 0.4, "type": "word", "speaker_id": None, "logprob": -0.1,
                "characters": None, "channel_index": None,
            }  # fmt: skip
            assert reply.headers["x-echoless-retention"] == mode.value
            assert "history-item-id" not in reply.headers
            assert bytes(gateway.media.jobs[0].input) == SOUND
            is_kept = mode is RetentionMode.DEFAULT
            assert ("transcription_id" in answer) is is_kept
            assert answer.get("transcription_id", "") == kept.history_item_id
            assert bytes(kept.input_audio) == (SOUND if is_kept else b"")
            assert bytes(kept.transcript) == (reply.body if is_kept else b"")
            assert kept.input_type == ("audio/wav" if is_kept else "")
            assert kept.closed is not None
            assert (kept.closed.status, kept.closed.http_status, kept.closed.audio_ms) == (
                CloseStatus.DONE,
                200,
                1000,
            )
            assert kept.reserved is not None
            assert (kept.reserved.model_id, kept.reserved.output_format) == ("scribe_v1", "")


async def test_fields_reach_the_job_however_they_are_written() -> None:
    async with running_gateway() as gateway:
        reply = await send(
            gateway,
            fields([
                ("model_id", "scribe_v2"), ("language_code", "en-US"), ("num_speakers", "3"), ("diarize", "true"),
                ("diarize", "True"), ("timestamps_granularity", "character"), ("tag_audio_events", "False"),
                ("no_verbatim", "true"), ("temperature", "0.5"), ("seed", "9"), ("file_format", "pcm_s16le_16"),
                ("keyterms", "Echoless"), ("keyterms", "zero retention"), ("keyterms", "null"),
            ]),
            FILE,
        )  # fmt: skip
        assert reply.status == 200
        job = job_of(gateway)
        assert (job.language_code, job.speaker_count, job.is_diarized, job.wants_characters) == (
            "en",
            3,
            True,
            True,
        )
        assert (job.tags_events, job.drops_fillers, job.temperature, job.seed) == (False, True, 0.5, 9)
        assert job.input_format is InputFormat.PCM_S16LE_16
        assert job.keyterms == ["Echoless", "zero retention"]
        assert reply.json["words"][2]["characters"][0] == {"text": "t", "start": 0.5, "end": 0.567}


@pytest.mark.parametrize("written", ['["one", "two three"]', '"one"', "one"])
async def test_key_terms_may_be_one_json_text(written: str) -> None:
    async with running_gateway() as gateway:
        assert (await send(gateway, MODEL, part("keyterms", written), FILE)).status == 200
        assert job_of(gateway).keyterms == (["one", "two three"] if "[" in written else ["one"])


async def test_no_times_and_speakers() -> None:
    media = FakeMedia()
    media.speakers = [1, None, 0]
    async with running_gateway(media=media) as gateway:
        reply = await send(gateway, MODEL, fields([("timestamps_granularity", "none"), ("diarize", "true")]), FILE)
        words = reply.json["words"]
        assert [said["speaker_id"] for said in words] == ["speaker_1", None, "speaker_0"]
        assert {said["start"] for said in words} == {said["end"] for said in words} == {None}


async def test_channels_are_separate_or_combined_and_never_both() -> None:
    media = FakeMedia()
    other = [word("Hi", 0.45, 0.48), word(" ", 0.48, 0.95, WordKind.SPACING), word("again", 0.95, 1.2)]
    media.channels = [HELLO, other, []]
    async with running_gateway(media=media) as gateway:
        many = part("use_multi_channel", "true")
        separate = (await send(gateway, MODEL, many, FILE)).json
        assert set(separate) == {"transcripts", "audio_duration_secs", "transcription_id"}
        assert [one["text"] for one in separate["transcripts"]] == ["Hello there.", "Hi again", ""]
        assert [one["channel_index"] for one in separate["transcripts"]] == [0, 1, 2]
        assert job_of(gateway).is_multichannel
        style = part("multichannel_output_style", "combined")
        both = (await send(gateway, MODEL, many, FILE, style)).json
        assert both["text"] == "Hello Hi there. again"
        assert [said["channel_index"] for said in both["words"] if said["type"] == "word"] == [0, 1, 0, 1]
        assert "transcripts" not in both


async def test_files_are_rendered_beside_the_transcript() -> None:
    media = FakeMedia()
    media.speakers = [0, 0, 0]
    wanted = [
        {"format": "srt"}, {"format": "txt", "include_speakers": True, "max_characters_per_line": 7},
        {"format": "docx", "include_timestamps": False},
    ]  # fmt: skip
    async with running_gateway(media=media) as gateway:
        for late in (FILE + part("additional_formats", json.dumps(wanted), None), b""):
            extra = part("additional_formats", json.dumps(wanted), "formats.json") + FILE
            reply = await send(gateway, MODEL, part("diarize", "true"), late or extra)
            files = reply.json["additional_formats"]
            assert [file["requested_format"] for file in files] == ["srt", "txt", "docx"]
            assert [file["is_base64_encoded"] for file in files] == [False, False, True]
            assert files[0]["content"] == "a file"
            assert base64.b64decode(files[2]["content"]) == b"a file"
        order = gateway.media.jobs[1].order
        assert isinstance(order, RenderTranscript)
        srt, txt, docx = order.formats
        assert (srt.shows_speakers, srt.line_characters_max, srt.silence_s_max, srt.segment_s_max) == (
            False,
            42,
            0.8,
            4,
        )
        assert (txt.shows_speakers, txt.line_characters_max, txt.segment_s_max) == (True, 7, None)
        assert (docx.shows_speakers, docx.shows_times) == (True, False)
        assert [said.speaker for said in order.words] == [0, 0, 0]


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([("entity_detection", '"pii"')], "entity_detection"),
        ([("entity_redaction", "pii")], "entity_redaction"),
        ([("detect_speaker_roles", "true"), ("diarize", "true")], "detect_speaker_roles"),
        ([("use_speaker_library", "true")], "use_speaker_library"),
        ([("transcript_edit", "canary")], "transcript_edit"),
        ([("numbers_format", "digits")], "numbers_format"),
        ([("secondary_language_codes", "de")], "secondary_language_codes"),
        ([("no_verbatim", "true")], "no_verbatim"),
        ([("diarization_threshold", "0.2")], "diarization_threshold"),
        ([("diarize", "true"), ("use_multi_channel", "true")], "diarize"),
        ([("use_multi_channel", "true"), ("multichannel_output_style", "combined"),
          ("timestamps_granularity", "none")], "multichannel_output_style"),
        ([("additional_formats", '[{"format": "txt", "include_speakers": true}]')], "additional_formats"),
        ([("keyterms", "canary<")], "keyterms"),
        ([("keyterms", "a b c d e f")], "keyterms"),
        ([("webhook_id", "canary")], "webhook_id"),
        ([("webhook_metadata", '{"a": {"b": {"c": 1}}}')], "webhook_metadata"),
        ([("model_id", "canary")], "model_id"),
        ([("model_id", "scribe_v2_realtime")], "model_id"),
        ([("source_url", "https://canary/")], "file"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused_with_its_name(values: list[tuple[str, str]], place: str) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, MODEL, fields(values), FILE)
        assert (reply.status, reply.json["detail"]["param"]) == (400, place)
        assert b"canary" not in reply.body
        if place == "model_id":
            assert reply.code == "invalid_model_id"


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([("num_speakers", "33")], "num_speakers"),
        ([("diarize", "canary")], "diarize"),
        ([("temperature", "3")], "temperature"),
        ([("additional_formats", "canary{")], "additional_formats"),
        ([("additional_formats", '[{"format": "canary"}]')], "format"),
        ([("webhook_metadata", "[1]")], "webhook_metadata"),
        ([("language_code", "canary!")], "language_code"),
    ],
)
async def test_what_does_not_fit_is_named_and_not_echoed(values: list[tuple[str, str]], place: str) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, MODEL, fields(values), FILE)
        assert (reply.status, reply.json["detail"][0]["loc"][-1]) == (422, place)
        assert b"canary" not in reply.body


async def test_a_language_that_is_no_code_is_told_what_one_looks_like() -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, MODEL, fields([("language_code", "plain English")]), FILE)
        assert "ISO 639" in reply.json["detail"][0]["msg"]


async def test_fields_that_say_nothing_are_absent() -> None:
    """Forms on web pages send every field they show."""
    names = ("language_code", "num_speakers", "seed", "additional_formats", "webhook_metadata", "keyterms")
    async with running_gateway() as gateway:
        assert (await send(gateway, MODEL, fields((name, "") for name in names), FILE)).status == 200
        assert (await send(gateway, fields([("model_id", "")]), FILE)).json["detail"][0]["loc"][-1] == "model_id"


async def test_a_file_that_cannot_show_the_transcript_is_refused_and_not_asked_for_again() -> None:
    media = FakeMedia()
    media.rendering_error_code = "invalid_parameters"
    async with running_gateway(media=media) as gateway:
        reply = await send(gateway, MODEL, fields([("additional_formats", '[{"format": "pdf"}]')]), FILE)
        assert (reply.status, reply.json["detail"]["param"]) == (400, "additional_formats")


@pytest.mark.parametrize("code", ["engine_unavailable", "concurrent_limit_exceeded"])
async def test_files_that_cannot_be_made_now_are_an_error_that_says_so_and_nothing_is_kept(code: str) -> None:
    media = FakeMedia()
    media.rendering_error_code = code
    async with running_gateway(media=media) as gateway:
        reply = await send(gateway, MODEL, fields([("additional_formats", '[{"format": "srt"}]')]), FILE)
        assert reply.code == code
        assert "files could not be made, so nothing was kept" in reply.json["detail"]["message"]
        closed = gateway.vault.last.closed
        assert closed is not None
        assert closed.status in {CloseStatus.FAILED, CloseStatus.REFUSED}
        assert not gateway.vault.last.transcript


async def test_a_form_needs_a_model_and_a_recording() -> None:
    async with running_gateway() as gateway:
        assert (await send(gateway, FILE)).json["detail"][0]["loc"] == ["body", "model_id"]
        assert (await send(gateway, MODEL)).json["detail"]["param"] == "file"


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("switch", [("enable_logging", "False"), ("additional_formats", '[{"zeroRetention": 1}]')])
@pytest.mark.parametrize("is_after", [True, False])
async def test_a_switch_in_the_form_is_refused_and_nothing_kept(switch: tuple[str, str], is_after: bool) -> None:
    for bound in (10**9, 1000):
        async with running_gateway(held_bytes_max=bound) as gateway:
            parts = [MODEL, FILE, fields([switch])] if is_after else [MODEL, fields([switch]), FILE]
            reply = await send(gateway, *parts)
            assert reply.status == 422
            assert reply.json["detail"][0]["loc"] == ["query", "enable_logging"]
            assert reply.headers["x-echoless-retention"] == "zero"
            closed = gateway.vault.last.closed
            assert closed is not None
            assert closed.answered_as is RetentionMode.ZERO, "the request's row says what the answer says"
            assert closed.status is CloseStatus.REFUSED
            assert not gateway.vault.last.transcript


async def test_a_large_file_begins_before_its_fields_and_takes_only_harmless_ones_after_it() -> None:
    async with running_gateway(held_bytes_max=1000) as gateway:
        late = await send(gateway, MODEL, FILE, part("diarize", "true"))
        assert (late.status, late.code) == (413, "file_too_large")
        assert (await send(gateway, FILE, MODEL)).status == 413
        harmless = await send(gateway, MODEL, FILE, part("additional_formats", '{"format": "txt"}'), UNSET)
        assert harmless.json["additional_formats"][0]["requested_format"] == "txt"


async def test_a_single_use_token_in_the_query_stands_for_a_key() -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, MODEL, FILE, query="?token=sk_test", api_key="")
        assert reply.status == 200
        asked = [record for record in gateway.vault.questions if isinstance(record, OpenTicket)]
        assert asked[0].is_token
        for query, key in (
            ("?token=sk_test&token=other", ""),
            ("?single_use_token=sk_test", ""),
            ("?token=x", "bad"),
        ):
            assert (await send(gateway, MODEL, FILE, query=query, api_key=key)).status == 401
        assert (await gateway.ask("GET", f"{PATH}/transcripts/a?token=sk_test", api_key="")).status == 401


@pytest.mark.parametrize(
    ("code", "status", "place"),
    [("invalid_audio", 400, "file"), ("audio_too_long", 400, "file"), ("invalid_parameters", 400, "language_code"),
     ("file_too_large", 413, "file"), ("engine_unavailable", 503, None)],
)  # fmt: skip
async def test_a_job_that_fails_leaves_no_transcript(code: str, status: int, place: str | None) -> None:
    media = FakeMedia()
    media.error_code = code
    async with running_gateway(media=media) as gateway:
        reply = await send(gateway, MODEL, UNSET, FILE)
        assert (reply.status, reply.code, reply.json["detail"].get("param")) == (status, code, place)
        assert not gateway.vault.last.transcript
        closed = gateway.vault.last.closed
        assert closed is not None
        assert closed.status is not CloseStatus.DONE


async def test_a_transcript_that_was_not_kept_is_not_answered() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[DeleteTranscript] = Done()
        media = gateway.media
        media.is_queued = True
        asking = asyncio.create_task(send(gateway, MODEL, UNSET, FILE))
        await asyncio.sleep(0.02)
        for link in gateway.vault.links:
            link.abort()
        media.let_in()
        reply = await asking
        assert reply.status in {500, 503}


async def test_a_client_that_leaves_cancels_the_job() -> None:
    media = FakeMedia()
    async with running_gateway(media=media) as gateway:
        body = form(MODEL, UNSET, FILE)
        assert (await gateway.ask("POST", PATH, pieces=[body[:90_000], None], headers=HEADERS)).status == 0
        media.is_queued = True
        assert (await gateway.ask("POST", PATH, pieces=[body, None], headers=HEADERS)).status == 0
        await asyncio.sleep(0.01)
        assert [job.is_cancelled for job in media.jobs] == [True, True]
        assert not gateway.vault.last.transcript
        media.let_in()


# --- kept transcripts ------------------------------------------------------------------------------------------


async def test_kept_transcripts_are_deleted_and_unknown_ones_are_not_found() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[DeleteTranscript] = Done()
        assert (await gateway.ask("DELETE", f"{PATH}/transcripts/abc")).json == {"status": "ok"}
        refused = Refused(ErrorCode.TRANSCRIPT_NOT_FOUND.value, "There is no transcript with this id.")
        gateway.vault.scripted[DeleteTranscript] = refused
        reply = await gateway.ask("DELETE", f"{PATH}/transcripts/abc")
        assert (reply.status, reply.code) == (404, "transcript_not_found")


# --- webhooks and fetched recordings ---------------------------------------------------------------------------


class _Outside:
    """Stands for the way out."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, bytes, bool, bool]] = []
        self.fetched: list[str] = []
        self.is_open = True

    def require_webhooks(self) -> None:
        if not self.is_open:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "off", param="webhook")

    async def deliver(
        self, webhook: Webhook, body: Sequence[bytes], *, may_retry: bool, is_zero: bool, ticket: object
    ) -> Delivery:
        self.delivered.append((webhook.url.reveal(), b"".join(body), may_retry, is_zero))
        return Delivery(is_delivered=True, http_status=204, attempt_count=1)

    @asynccontextmanager
    async def fetch(self, url: TextContent, *, param: str) -> AsyncIterator[AsyncIterator[AudioContent]]:
        self.fetched.append(url.reveal())

        async def pieces() -> AsyncIterator[AudioContent]:
            for start in range(0, len(SOUND), 100_000):
                yield AudioContent(SOUND[start : start + 100_000])

        yield pieces()


def reach_out(gateway: Gateway) -> _Outside:
    outside = _Outside()
    services = replace(gateway.services, outbound=outside)  # type: ignore[arg-type]  # it has what a route uses
    gateway.app = build_app(services, gateway_config())
    target = WebhookTarget("hook", "https://example.com/hook", "wsec_1", is_retried=True, delivery_id="d1")
    gateway.vault.scripted[UseWebhooks] = WebhookTargets([target])
    return outside


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("is_zero", [True, False])
async def test_a_webhook_is_accepted_first_and_delivered_from_memory(is_zero: bool) -> None:
    async with running_gateway() as gateway:
        outside = reach_out(gateway)
        reply = await send(
            gateway, MODEL, fields([("webhook", "true"), ("webhook_metadata", '{"case": "7"}')]), FILE,
            query="?enable_logging=false" if is_zero else "",
        )  # fmt: skip
        assert reply.status == 202
        kept = gateway.vault.last
        assert set(reply.json) == {"message", "request_id"} | (set() if is_zero else {"transcription_id"})
        assert reply.headers["x-echoless-retention"] == ("zero" if is_zero else "default")
        [(url, event, may_retry, told_zero)] = outside.delivered
        assert (url, may_retry, told_zero) == ("https://example.com/hook", not is_zero, is_zero)
        data = json.loads(event)
        assert data["type"] == "speech_to_text_transcription"
        assert data["data"]["request_id"] == reply.json["request_id"]
        assert data["data"]["webhook_metadata"] == {"case": "7"}
        assert data["data"]["transcription"]["text"] == "Hello there."
        assert bool(kept.transcript) is not is_zero
        assert kept.closed is not None
        assert (kept.closed.status, kept.closed.http_status) == (CloseStatus.DONE, 202)
        assert [record for record in gateway.vault.questions if isinstance(record, NoteDelivery)] == [
            NoteDelivery("d1", 204)
        ]


async def test_a_webhook_that_nobody_registered_is_refused_before_any_work() -> None:
    async with running_gateway() as gateway:
        outside = reach_out(gateway)
        outside.is_open = False
        assert (await send(gateway, MODEL, part("webhook", "true"), FILE)).json["detail"]["param"] == "webhook"
        gateway.vault.scripted[UseWebhooks] = Refused(ErrorCode.NO_WEBHOOK_CONFIGURED.value, "None is registered.")
        reply = await send(gateway, MODEL, part("webhook", "true"), FILE)
        assert (reply.status, reply.code) == (400, "no_webhook_configured")
        assert not gateway.media.jobs


async def test_an_accepted_recording_that_cannot_be_heard_counts_as_failed() -> None:
    media = FakeMedia()
    media.error_code = "invalid_audio"
    async with running_gateway(media=media) as gateway:
        outside = reach_out(gateway)
        reply = await send(gateway, MODEL, part("webhook", "true"), FILE)
        assert reply.status == 202
        assert not outside.delivered
        closed = gateway.vault.last.closed
        assert closed is not None
        assert (closed.status, closed.error_code) == (CloseStatus.FAILED, "invalid_audio")


@pytest.mark.parametrize("name", ["source_url", "cloud_storage_url"])
async def test_a_recording_may_be_fetched(name: str) -> None:
    async with running_gateway() as gateway:
        outside = reach_out(gateway)
        reply = await send(gateway, MODEL, part(name, "https://example.com/a.mp3"))
        assert reply.json["text"] == "Hello there."
        assert outside.fetched == ["https://example.com/a.mp3"]
        assert bytes(gateway.media.jobs[0].input) == SOUND == bytes(gateway.vault.last.input_audio)


async def test_a_server_that_fetches_nothing_says_so() -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, MODEL, part("cloud_storage_url", "https://example.com/canary"))
        assert (reply.status, reply.json["detail"]["param"]) == (400, "cloud_storage_url")
        assert b"canary" not in reply.body
