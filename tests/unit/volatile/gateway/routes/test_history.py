"""History: list, show, hear, delete, download."""

from __future__ import annotations

import io
import wave
import zipfile

import pytest

from echoless.crossing.query_records import (
    AlignmentView,
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
    ReadItemAlignment,
)
from echoless.crossing.records import Refused
from tests.fakes.gateway import VOICE_ID, Gateway, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
AUDIO = bytes(range(256)) * 2000
NOT_FOUND = Refused(code="history_item_not_found", message="There is no history item with this id.")


def item(item_id: str = "item-1", output_format: str = "mp3_44100_128", count: int = 0) -> HistoryItemView:
    return HistoryItemView(
        item_id=item_id, request_id="r-1", created_unix=1_790_000_000, voice_id=VOICE_ID, voice_name="Rachel",
        model_id="eleven_v3", source="TTS", output_format=output_format, text="Hello", settings={"stability": 0.5},
        character_count_from=10, character_count_to=15, audio_bytes=len(AUDIO), alignment=None,
        normalized_alignment=None, alignment_characters=count, normalized_alignment_characters=count,
    )  # fmt: skip


def hold(gateway: Gateway, output_format: str, *item_ids: str) -> None:
    gateway.vault.scripted[GetHistoryItem] = item(item_ids[0], output_format)
    for item_id in item_ids:
        gateway.vault.item_audio[item_id] = (output_format, AUDIO)


async def test_list_passes_every_filter_and_shows_the_contracts_members() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListHistory] = HistoryPage(items=[item()], has_more=True)
        query = (
            "page_size=7&start_after_history_item_id=abc&voice_id=v&model_id=m&source=TTS&date_before_unix=20"
            "&date_after_unix=10&sort_direction=asc&search=hello%20there"
        )
        reply = await gateway.ask("GET", f"/v1/history?{query}")
        asked = next(question for question in gateway.vault.questions if isinstance(question, ListHistory))
        assert asked == ListHistory(
            page_size=7, start_after_item_id="abc", voice_id="v", model_id="m", source="TTS", date_before_unix=20,
            date_after_unix=10, is_ascending=True, search="hello there",
        )  # fmt: skip
        assert reply.json["has_more"] is True
        assert reply.json["last_history_item_id"] == "item-1"
        shown = reply.json["history"][0]
        assert shown["history_item_id"] == "item-1"
        assert shown["text"] == "Hello"
        assert shown["content_type"] == "audio/mpeg"
        assert (shown["character_count_change_from"], shown["character_count_change_to"]) == (10, 15)
        assert (shown["state"], shown["source"], shown["feedback"]) == ("created", "TTS", None)


async def test_empty_page_has_no_last_item() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListHistory] = HistoryPage(items=[], has_more=False)
        reply = await gateway.ask("GET", "/v1/history")
        assert reply.json == {"history": [], "has_more": False, "last_history_item_id": None, "scanned_until": None}


@pytest.mark.parametrize(
    ("query", "status"), [("model_id=m", 400), ("page_size=0", 422), ("page_size=1001", 422), ("source=Music", 422)]
)
async def test_query_that_does_not_fit_is_refused(query: str, status: int) -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", f"/v1/history?{query}")).status == status


async def test_long_alignment_is_gathered_from_runs() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetHistoryItem] = item(count=6)
        run = AlignmentView(characters=["a", "b"], start_s=[0.0, 0.1], end_s=[0.1, 0.2])
        gateway.vault.scripted[ReadItemAlignment] = run
        alignments = (await gateway.ask("GET", "/v1/history/item-1")).json["alignments"]
        assert alignments["alignment"]["characters"] == ["a", "b"] * 3
        asked = [question for question in gateway.vault.questions if isinstance(question, ReadItemAlignment)]
        assert [(question.start, question.is_normalized) for question in asked[:4]] == [
            (0, False), (2, False), (4, False), (0, True),
        ]  # fmt: skip


async def test_unknown_item_is_the_same_404_everywhere() -> None:
    """C11, T41: what never existed and what must not be shown look alike."""
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetHistoryItem] = NOT_FOUND
        gateway.vault.scripted[DeleteHistoryItem] = NOT_FOUND
        replies = [
            await gateway.ask("GET", "/v1/history/unknown"),
            await gateway.ask("DELETE", "/v1/history/unknown"),
            await gateway.ask("GET", "/v1/history/unknown/audio"),
        ]
        for reply in replies:
            assert (reply.status, reply.code) == (404, "history_item_not_found")
            detail = reply.json["detail"]
            assert {**detail, "request_id": ""} == {**replies[0].json["detail"], "request_id": ""}


async def test_delete_says_ok() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[DeleteHistoryItem] = Done()
        assert (await gateway.ask("DELETE", "/v1/history/item-1")).json == {"status": "ok"}


async def test_audio_comes_whole_in_its_own_format_and_ranges_are_not_served() -> None:
    async with running_gateway() as gateway:
        hold(gateway, "opus_48000_64", "item-1")
        reply = await gateway.ask("GET", "/v1/history/item-1/audio", headers={"range": "bytes=0-9"})
        assert (reply.status, reply.headers["content-type"]) == (200, "audio/ogg")
        assert reply.headers["content-length"] == str(len(AUDIO))
        assert reply.headers["cache-control"] == "no-store"
        assert reply.body == AUDIO


async def test_one_item_downloads_as_a_file_and_several_as_a_zip() -> None:
    async with running_gateway() as gateway:
        hold(gateway, "mp3_44100_128", "item-1")
        reply = await gateway.ask("POST", "/v1/history/download", {"history_item_ids": ["item-1", "item-1"]})
        assert (reply.headers["content-type"], reply.body) == ("audio/mpeg", AUDIO)


async def test_zip_holds_every_item_by_its_id() -> None:
    async with running_gateway() as gateway:
        hold(gateway, "mp3_44100_128", "item-1", "item-2")
        answers = iter([item("item-1"), item("item-2")])
        gateway.vault.answers[GetHistoryItem] = lambda _: next(answers)
        reply = await gateway.ask("POST", "/v1/history/download", {"history_item_ids": ["item-1", "item-2"]})
        assert (reply.status, reply.headers["content-type"]) == (200, "application/zip")
        assert len(reply.pieces) > 10
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["item-1.mp3", "item-2.mp3"]
            assert archive.read("item-2.mp3") == AUDIO


async def test_pcm_downloads_as_wav_with_true_sizes() -> None:
    async with running_gateway() as gateway:
        hold(gateway, "pcm_22050", "item-1")
        body = {"history_item_ids": ["item-1"], "output_format": "wav"}
        reply = await gateway.ask("POST", "/v1/history/download", body)
        assert reply.headers["content-type"] == "audio/wav"
        with wave.open(io.BytesIO(reply.body)) as audio:
            assert (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) == (22050, 1, 2)
            assert audio.readframes(audio.getnframes()) == AUDIO


@pytest.mark.parametrize("ids", [[], ["unknown"], ["item-1", "unknown"]])
async def test_download_of_nothing_or_of_something_unknown_is_400(ids: list[str]) -> None:
    async with running_gateway() as gateway:
        hold(gateway, "mp3_44100_128", "item-1")
        known = item("item-1")
        gateway.vault.answers[GetHistoryItem] = lambda question: (
            known if question.item_id == "item-1" else NOT_FOUND
        )
        reply = await gateway.ask("POST", "/v1/history/download", {"history_item_ids": ids})
        assert (reply.status, reply.json["detail"]["param"]) == (400, "history_item_ids")


async def test_mp3_as_wav_is_refused_with_the_field() -> None:
    async with running_gateway() as gateway:
        hold(gateway, "mp3_44100_128", "item-1")
        body = {"history_item_ids": ["item-1"], "output_format": "wav"}
        reply = await gateway.ask("POST", "/v1/history/download", body)
        assert (reply.status, reply.json["detail"]["param"]) == (400, "output_format")
        assert "leave out output_format" in reply.json["detail"]["message"]


async def test_client_that_leaves_a_download_ends_it() -> None:
    async with running_gateway() as gateway:
        hold(gateway, "mp3_44100_128", "item-1")
        reply = await gateway.ask("GET", "/v1/history/item-1/audio", leave_after_bytes=40_000)
        assert not reply.is_complete
        assert any(len(rest) for rest in gateway.vault.unsent.values())
