"""A declared remote from the gateway's pool to a scripted server, for tests of the adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from echoless.core.content import AudioContent
from echoless.core.ids import NO_TICKET
from echoless.crossing.client import SpeechPart
from echoless.crossing.egress_control import RemoteAccess, RemoteFacts
from echoless.crossing.media_client import MediaPart
from echoless.crossing.media_records import Convert, InputFormat, Transcribe, TranscriptEnded
from echoless.crossing.records import Normalization, Speak, SpeechEnded
from echoless.crossing.remote_client import RemoteMediaJob, RemotePool
from echoless.volatile.egress.remote import RemoteWork
from tests.fakes.egress_pair import HOST, PEER, Pair, reach_of, tied
from tests.fakes.outside import Outside, Script

NAME, MODEL, KEY = "upstream", "eleven_flash_v2_5", "sk-remote"


def speak(**more: Any) -> Speak:
    """Return a job of synthesis."""
    values: dict[str, Any] = {
        "text": "Nobody knows.", "catalogue_id": "JBFqnCBsd6RMkjVDRZzb", "language_code": "", "seed": None,
        "output_format": "pcm_24000", "settings": {"speed": 1.0, "stability": 0.5},
        "normalization": Normalization.AUTO, "wants_alignment": False, "window_bytes": 192 * 1024,
    }  # fmt: skip
    return Speak(**(values | more))


def transcribe(**more: Any) -> Transcribe:
    """Return a job of recognition."""
    values: dict[str, Any] = {
        "engine_model": "", "language_code": "", "input_format": InputFormat.OTHER, "wants_characters": False,
        "is_diarized": False, "speaker_count": None, "diarization_threshold": None, "is_multichannel": False,
        "tags_events": True, "drops_fillers": False, "keyterms": [], "seed": None, "temperature": 0.0,
        "duration_ms_max": 36_000_000,
    }  # fmt: skip
    return Transcribe(**(values | more))


def convert(**more: Any) -> Convert:
    """Return a job of conversion."""
    values: dict[str, Any] = {
        "engine_model": "", "catalogue_id": "JBFqnCBsd6RMkjVDRZzb", "settings": {"stability": 0.5}, "seed": 7,
        "output_format": "pcm_24000", "input_format": InputFormat.OTHER, "removes_noise": True,
        "window_bytes": 192 * 1024, "duration_ms_max": 600_000,
    }  # fmt: skip
    return Convert(**(values | more))


@dataclass(slots=True)
class Upstream:
    """A tied remote and the server behind it."""

    pool: RemotePool
    outside: Outside
    work: RemoteWork
    pair: Pair

    async def spoken(self, job: Speak, *, is_zero: bool = False) -> list[SpeechPart]:
        """Speak, and return every part."""
        with self.pool.speak(NAME, NO_TICKET, job, model_id=MODEL, is_zero=is_zero) as speech:
            parts = [await speech.next()]
            while not isinstance(parts[-1], SpeechEnded):
                parts.append(await speech.next())
                if isinstance(parts[-1], AudioContent):
                    speech.credit(len(parts[-1]))
        return parts

    async def heard(self, job: Transcribe, recording: bytes, *, is_zero: bool = False) -> list[MediaPart]:
        """Recognise, and return every part."""
        with self.pool.transcribe(NAME, NO_TICKET, job, model_id="scribe_v1", is_zero=is_zero) as media:
            return await _fed(media, recording)

    async def converted(self, job: Convert, recording: bytes, *, is_zero: bool = False) -> list[MediaPart]:
        """Convert, and return every part."""
        with self.pool.convert(NAME, NO_TICKET, job, model_id="eleven_english_sts_v2", is_zero=is_zero) as media:
            return await _fed(media, recording)


async def _fed(media: RemoteMediaJob, recording: bytes) -> list[MediaPart]:
    async def feed() -> None:
        await media.send_input(AudioContent(recording))
        await media.end_input()

    feeding = asyncio.ensure_future(feed())
    try:
        parts = [await media.next()]
        while not isinstance(parts[-1], SpeechEnded | TranscriptEnded):
            parts.append(await media.next())
            if isinstance(parts[-1], AudioContent):
                media.credit(len(parts[-1]))
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
    return parts


def audio_of(parts: list[Any]) -> bytes:
    """Return all audio of the parts of a job."""
    return b"".join(part.reveal() for part in parts if isinstance(part, AudioContent))


@asynccontextmanager
async def upstream(
    kind: str, script: Script, *, is_zero_declared: bool = True, probes_history: bool = False, **more: Any
) -> AsyncIterator[Upstream]:
    """Serve a script, and tie a remote of a kind to it."""
    outside = Outside(script)
    async with outside.serving():
        formats = {"pcm_24000": "pcm", **more.pop("formats", {})} if kind == "openai" else {}
        access = RemoteAccess(
            name=NAME, kind=kind, url=f"http://{HOST}:{outside.port}", api_key=KEY,
            is_zero_declared=is_zero_declared, probes_history=probes_history, formats=formats, **more,
        )  # fmt: skip
        facts = RemoteFacts(
            name=NAME, peer_name=PEER, is_zero_declared=is_zero_declared, output_formats=tuple(formats),
            has_alignment=kind == "elevenlabs", can_convert=kind == "elevenlabs",
            has_speakers=kind == "elevenlabs",
        )  # fmt: skip
        journal_work: list[RemoteWork] = []

        class Late:
            async def perform(self, job: Any, asked: Any) -> None:
                await journal_work[0].perform(job, asked)

        async with tied(Late()) as pair:
            journal_work.append(RemoteWork(access, reach_of(), pair.journal))
            yield Upstream(RemotePool(pair.links, (facts,)), outside, journal_work[0], pair)
