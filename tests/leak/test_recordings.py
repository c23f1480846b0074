"""Of a zero-retention recording nothing is left: neither of what was uploaded, nor of what was made or understood.

What was uploaded is searched for as it came, decoded, and at the rates at which recognition and conversion work, in
integers and in floating point (C32, C33).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.groundwork import Groundwork, lay_groundwork
from echoless.audit.planting import Manner, Planting
from echoless.audit.plantings.audio import audio_plantings
from echoless.audit.plantings.speech_to_text import transcription_plantings
from echoless.audit.plantings.speech_to_text_socket import listening_plantings
from echoless.audit.plantings.text_to_speech import VOICE
from echoless.audit.plantings.uploads import upload
from echoless.audit.plantings.voice_changer import conversion_plantings
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import text_needles
from echoless.audit.search.sound_needles import sound_needles
from echoless.audit.sending import plant
from echoless.audit.transcripts import heard, said
from tests.leak.conftest import Watched

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1"), pytest.mark.claim("Z17")]

Plantings = Callable[..., Iterator[Planting]]


@pytest.mark.parametrize(
    "plantings_of", [conversion_plantings, transcription_plantings, listening_plantings, audio_plantings]
)
@pytest.mark.seed("S3.5")
def test_nothing_is_left_of_recordings(
    watched: Watched, client: AuditClient, mint: CanaryMint, plantings_of: Plantings
) -> None:
    ground = lay_groundwork(client, mint)
    plantings = [*plantings_of(mint, ground, kept_too=False)]
    planted = plant(client, plantings)
    assert planted.unexpected == []
    try:
        _assert_nothing_is_left(watched, mint, ground, [
            heard(spoken.planting.sound, spoken.transcript)
            for spoken in planted.spoken if spoken.planting.sound is not None and spoken.transcript
        ])  # fmt: skip
    finally:
        planted.close_sockets()
    assert any(planting.manner is Manner.WHOLE for planting in plantings)


def _assert_nothing_is_left(
    watched: Watched, mint: CanaryMint, ground: Groundwork, understood: list[Canary]
) -> None:
    sounds = ground.sounds.sounds
    texts = [*mint.where(is_kept=False), *(said(sound) for sound in sounds if not sound.is_kept)]
    needles = text_needles([*texts, *understood])
    for sound in sounds:
        if not sound.is_kept and not sound.name.startswith("reference"):
            needles += sound_needles(sound, sounds)
    time.sleep(1.0)
    scan = scan_memory(watched.server.family(), needles)
    assert scan.is_complete
    assert {"media", "live"} <= {process.process.role for process in scan.processes}
    assert [(hit.role, hit.region, hit.kind, hit.owner) for hit in scan.hits] == []


def test_a_recording_under_way_is_found(watched: Watched, client: AuditClient, mint: CanaryMint) -> None:
    """The search works on these very processes: what is being converted is found in its engine's samples (C34)."""
    ground = lay_groundwork(client, mint)
    sound = ground.sounds.sound("under way", "mp3", is_kept=False, word_count=96)
    needles = sound_needles(sound, ground.sounds.sounds)
    path = f"/v1/speech-to-speech/{VOICE}/stream?output_format=pcm_48000&enable_logging=false"
    stream = client.open_stream(path, upload(mint, sound, "audio", {}))
    assert stream.read(4_096)
    time.sleep(1.0)
    found = scan_memory(watched.server.family(), needles)
    stream.close()
    kinds = {(hit.role, hit.kind) for hit in found.hits}
    assert ("media", "upload mp3") in kinds
    assert any(role == "media" and kind.startswith("at 24000") for role, kind in kinds)
    time.sleep(1.0)
    assert scan_memory(watched.server.family(), needles).hits == ()
