"""Kept recordings on their way to a client."""

from __future__ import annotations

import msgspec
import pytest

from echoless.crossing.query_records import GetHistoryItem, HistoryItemView, HistoryPage, ListHistory
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
RECORDING = bytes(range(256)) * 3000
CONVERTED = HistoryItemView(
    item_id="item-1", request_id="r-1", created_unix=1_790_000_000, voice_id=VOICE_ID, voice_name="Rachel",
    model_id="eleven_english_sts_v2", source="STS", output_format="mp3_44100_128", text="", settings={},
    character_count_from=0, character_count_to=17, audio_bytes=5, alignment=None, normalized_alignment=None,
    input_audio_bytes=len(RECORDING), input_media_type="audio/mp4",
)  # fmt: skip


async def test_a_recording_is_listed_with_its_item_and_comes_whole() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListHistory] = HistoryPage(items=[CONVERTED], has_more=False)
        (shown,) = (await gateway.ask("GET", "/v1/history")).json["history"]
        assert (shown["source"], shown["text"]) == ("STS", "Voice changer")
        assert (shown["input_audio_bytes"], shown["input_audio_content_type"]) == (len(RECORDING), "audio/mp4")
        gateway.vault.recordings["item-1"] = ("audio/mp4", RECORDING)
        reply = await gateway.ask("GET", "/v1/history/item-1/input-audio")
        assert (reply.status, reply.headers["content-type"]) == (200, "audio/mp4")
        assert reply.headers["content-length"] == str(len(RECORDING))
        assert reply.body == RECORDING


async def test_what_was_spoken_from_text_lists_no_recording_and_has_none() -> None:
    async with running_gateway() as gateway:
        spoken = msgspec.structs.replace(CONVERTED, source="TTS", text="", input_audio_bytes=0, input_media_type="")
        gateway.vault.scripted[GetHistoryItem] = spoken
        shown = (await gateway.ask("GET", "/v1/history/item-1")).json
        assert (shown["input_audio_bytes"], shown["input_audio_content_type"], shown["text"]) == (None, None, "")
        reply = await gateway.ask("GET", "/v1/history/item-1/input-audio")
        assert (reply.status, reply.code) == (404, "history_item_not_found")


@pytest.mark.parametrize("media_type", ["", "application/xhtml+xml", "application/ogg"])
async def test_a_recording_of_another_kind_is_a_file_and_never_a_page(media_type: str) -> None:
    async with running_gateway() as gateway:
        gateway.vault.recordings["item-1"] = (media_type, RECORDING)
        reply = await gateway.ask("GET", "/v1/history/item-1/input-audio")
        assert reply.headers["content-type"] == "application/octet-stream"
        assert reply.headers["content-disposition"] == "attachment"
        assert reply.headers["x-content-type-options"] == "nosniff"
