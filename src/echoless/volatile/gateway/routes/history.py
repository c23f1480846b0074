"""`/v1/history`: what was kept; list, show, hear, delete and download.

source: the wire contract, history, voices, models and user, section 1; the recording's address and the two
members about it are ours
"""

from __future__ import annotations

import io
import struct
import time
from typing import Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat, Codec
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.query_records import (
    AlignmentView,
    DeleteHistoryItem,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ItemAudio,
    ListHistory,
    ReadItemAlignment,
    ReadItemAudio,
)
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.kept_streams import RECORDING_MEDIA_TYPES, kept_pieces, send_recording
from echoless.volatile.gateway.routing import AUDIO_MEDIA_TYPES, Route
from echoless.volatile.gateway.schemas.history import DownloadBody, HistoryQuery
from echoless.volatile.gateway.speaking import WINDOW_BYTES
from echoless.volatile.gateway.watching import watched

# What was said in a recording is not known here, and is not guessed.
_LABELS: Final = {"STS": "Voice changer"}
_RIFF: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_ATTACHMENT: Final[Header] = (b"content-disposition", b"attachment; filename=history.zip")


async def list_items(call: Call) -> None:
    """List kept generations."""
    query = HistoryQuery.parse(call.query)
    if query.model_id is not None and query.source is None:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "A filter by model needs a source.", param="source")
    page = await call.open_ticket.ask(
        ListHistory(
            page_size=query.page_size,
            start_after_item_id=query.start_after_history_item_id or "",
            voice_id=query.voice_id or "",
            model_id=query.model_id or "",
            date_before_unix=query.date_before_unix or 0,
            date_after_unix=query.date_after_unix or 0,
            is_ascending=query.sort_direction == "asc",
            search=query.search or "",
            source=query.source or "",
        )
    )
    assert isinstance(page, HistoryPage)
    await call.answer(
        {
            "history": [_wire(item, None) for item in page.items],
            "has_more": page.has_more,
            "last_history_item_id": page.items[-1].item_id if page.items else None,
            "scanned_until": page.scanned_until_unix or None,
        }
    )


async def show_item(call: Call) -> None:
    """Show one kept generation with its alignments."""
    item = await _item(call, call.path_id(0))
    alignment = await _alignment(call, item, is_normalized=False)
    normalized = await _alignment(call, item, is_normalized=True)
    alignments = None
    if alignment is not None or normalized is not None:
        alignments = {"alignment": alignment, "normalized_alignment": normalized}
    await call.answer(_wire(item, alignments))


async def delete_item(call: Call) -> None:
    """Delete one kept generation, now and everywhere."""
    await call.open_ticket.ask(DeleteHistoryItem(item_id=call.path_id(0)))
    await call.answer({"status": "ok"})


async def hear_item(call: Call) -> None:
    """Answer with the audio of one kept generation, in its own format."""
    await _send_item(call, call.path_id(0), as_wav=False)


async def hear_recording(call: Call) -> None:
    """Answer with the recording that one kept generation was made from, as it was uploaded."""
    await send_recording(call, call.path_id(0))


async def download(call: Call) -> None:
    """Answer with the audio of one item, or with a zip of several, made as it is sent."""
    body = await read_schema(call, DownloadBody)
    item_ids = list(dict.fromkeys(body.history_item_ids))
    as_wav = body.output_format == "wav"
    # All are looked up first: once the zip has begun, nothing can be refused any more.
    items = [await _downloadable(call, item_id, as_wav=as_wav) for item_id in item_ids]
    if not items:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "No item was named.", param="history_item_ids")
    if len(items) == 1:
        await _send_item(call, items[0].item_id, as_wav=as_wav)
        return
    async with watched(call):
        await _send_zip(call, items, as_wav=as_wav)


async def _downloadable(call: Call, item_id: str, *, as_wav: bool) -> HistoryItemView:
    item = None
    try:
        item = await _item(call, item_id)
    except EcholessError as error:
        if error.code is not ErrorCode.HISTORY_ITEM_NOT_FOUND:
            raise
    if item is None:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, "There is no history item with this id.", param="history_item_ids"
        )
    if as_wav and AUDIO_FORMATS[item.output_format].codec not in {Codec.PCM, Codec.WAV}:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS,
            f"Items in {item.output_format} are downloaded as they are: leave out output_format. Only pcm and wav "
            "items become wav.",
            param="output_format",
        )
    return item


async def _send_item(call: Call, item_id: str, *, as_wav: bool) -> None:
    with call.open_ticket.read() as answers:
        answers.post(ReadItemAudio(item_id=item_id, window_bytes=WINDOW_BYTES))
        head = await answers.next()
        assert isinstance(head, ItemAudio)
        audio_format = AUDIO_FORMATS[head.output_format]
        prefix = _wav_head(audio_format, head.audio_bytes) if as_wav else b""
        content_type = AUDIO_FORMATS["wav_8000"].content_type if as_wav else audio_format.content_type
        length = b"%d" % (len(prefix) + head.audio_bytes)
        await call.start(200, content_type.encode("ascii"), more=[(b"content-length", length)])
        async with watched(call):
            if prefix:
                await call.write(prefix)
            async for audio in kept_pieces(answers, head.audio_bytes):
                await call.write(audio.reveal())
    await call.finish()


class _Outbox(io.RawIOBase):
    """What a zip writes into: unseekable, emptied after each piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


async def _send_zip(call: Call, items: list[HistoryItemView], *, as_wav: bool) -> None:
    """Send a zip, made in memory piece by piece; names are ids."""
    await call.start(200, b"application/zip", more=[_ATTACHMENT])
    outbox = _Outbox()
    with ZipFile(outbox, "w", ZIP_STORED) as archive:
        for item in items:
            await _send_member(call, archive, outbox, item, as_wav=as_wav)
    await call.finish(outbox.take())


async def _send_member(
    call: Call, archive: ZipFile, outbox: _Outbox, item: HistoryItemView, *, as_wav: bool
) -> None:
    with call.open_ticket.read() as answers:
        answers.post(ReadItemAudio(item_id=item.item_id, window_bytes=WINDOW_BYTES))
        head = await answers.next()
        assert isinstance(head, ItemAudio)
        audio_format = AUDIO_FORMATS[head.output_format]
        ending = Codec.WAV if as_wav else audio_format.codec
        made = time.gmtime(max(item.created_unix, _ZIP_EPOCH_UNIX))[:6]
        member = ZipInfo(f"{item.item_id}.{ending}", (made[0], made[1], made[2], made[3], made[4], made[5]))
        prefix = _wav_head(audio_format, head.audio_bytes) if as_wav else b""
        member.file_size = len(prefix) + head.audio_bytes
        with archive.open(member, "w") as file:
            file.write(prefix)
            async for audio in kept_pieces(answers, head.audio_bytes):
                file.write(audio.reveal())
                await call.write(outbox.take())


# The oldest time that a zip can state: 1980-01-01.
_ZIP_EPOCH_UNIX: Final = 315_532_800


def _wav_head(audio_format: AudioFormat, pcm_bytes: int) -> bytes:
    """Return a RIFF head for mono 16-bit PCM; nothing for what is RIFF already.

    source: Multimedia Programming Interface and Data Specifications 1.0, RIFF WAVE
    """
    if audio_format.codec is Codec.WAV:
        return b""
    rate = audio_format.sample_rate_hz
    return _RIFF.pack(
        b"RIFF", 36 + pcm_bytes, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", pcm_bytes
    )


async def _item(call: Call, item_id: str) -> HistoryItemView:
    item = await call.open_ticket.ask(GetHistoryItem(item_id=item_id))
    assert isinstance(item, HistoryItemView)
    return item


async def _alignment(call: Call, item: HistoryItemView, *, is_normalized: bool) -> dict[str, Any] | None:
    """Return an alignment as the wire has it; a long one comes in runs."""
    whole = item.normalized_alignment if is_normalized else item.alignment
    count = item.normalized_alignment_characters if is_normalized else item.alignment_characters
    if whole is not None:
        runs = [whole]
    else:
        runs = await _alignment_runs(call, item.item_id, count, is_normalized=is_normalized)
    if not runs:
        return None
    return {
        "characters": [character for run in runs for character in run.characters],
        "character_start_times_seconds": [start for run in runs for start in run.start_s],
        "character_end_times_seconds": [end for run in runs for end in run.end_s],
    }


async def _alignment_runs(call: Call, item_id: str, count: int, *, is_normalized: bool) -> list[AlignmentView]:
    runs: list[AlignmentView] = []
    start = 0
    while start < count:
        run = await call.open_ticket.ask(
            ReadItemAlignment(item_id=item_id, is_normalized=is_normalized, start=start)
        )
        assert isinstance(run, AlignmentView)
        if not run.characters:
            break
        runs.append(run)
        start += len(run.characters)
    return runs


def _wire(item: HistoryItemView, alignments: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "history_item_id": item.item_id,
        "request_id": item.request_id,
        "voice_id": item.voice_id or None,
        "voice_name": item.voice_name or None,
        "voice_category": "premade" if item.voice_id else None,
        "model_id": item.model_id,
        "text": None if item.dialogue else item.text or _LABELS.get(item.source, ""),
        "date_unix": item.created_unix,
        "character_count_change_from": item.character_count_from,
        "character_count_change_to": item.character_count_to,
        "content_type": AUDIO_FORMATS[item.output_format].content_type,
        "state": "created",
        "settings": item.settings,
        "feedback": None,
        "share_link_id": None,
        "source": item.source,
        "alignments": alignments,
        "dialogue": _dialogue(item),
        "output_format": item.output_format,
        # Ours: what the voice changer was given is kept too, and can be heard.
        "input_audio_bytes": item.input_audio_bytes or None,
        "input_audio_content_type": item.input_media_type or None,
    }


def _dialogue(item: HistoryItemView) -> list[dict[str, str]] | None:
    lines = [
        {"text": line.text, "voice_id": line.voice_id, "voice_name": line.voice_name} for line in item.dialogue
    ]
    return lines or None


ROUTES: Final = (
    Route("GET /v1/history", list_items, "List kept generations", query=HistoryQuery),
    Route(
        "POST /v1/history/download",
        download,
        "Download kept generations",
        body=DownloadBody,
        media_types=(*AUDIO_MEDIA_TYPES, "application/zip"),
    ),
    Route("GET /v1/history/{item}", show_item, "Show a kept generation"),
    Route("DELETE /v1/history/{item}", delete_item, "Delete a kept generation"),
    Route("GET /v1/history/{item}/audio", hear_item, "Hear a kept generation", media_types=AUDIO_MEDIA_TYPES),
    Route(
        "GET /v1/history/{item}/input-audio",
        hear_recording,
        "Hear what a kept generation was made from",
        media_types=RECORDING_MEDIA_TYPES,
    ),
)
