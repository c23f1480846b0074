"""Recordings with bytes changed at random, decoded by a process of their own, as they are in the server.

Whatever they hold, each is decoded or refused with a code of ours. Were one to end the process, that would cost its
request (tests/api/test_media_faults.py); here it is a finding.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.unit.volatile.engines.media.conftest import index_first, recording, tone

pytestmark = pytest.mark.unit

TRIES = 60
_CONTAINERS = [
    ("wav", "pcm_s16le"), ("wav", "adpcm_ima_wav"), ("mp3", "libmp3lame"), ("mp4", "aac"), ("ogg", "libopus"),
    ("flac", "flac"), ("webm", "libopus"), ("adts", "aac"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16be"),
    ("asf", "wmav2"), ("avi", "libmp3lame"), ("flv", "aac"), ("mpegts", "aac"),
]  # fmt: skip
_PROGRAM = """
import json, random, sys
from echoless.core.errors import EcholessError
from echoless.crossing.media_records import InputFormat
from echoless.volatile.engines.media.bounds import bound_memory, watchdog
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.media.sound import Recording

class Reader:
    def __init__(self, data):
        self.data = data
    def read(self, bytes_max):
        alive()
        data, self.data = self.data[:bytes_max], self.data[bytes_max:]
        return data

def damaged(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 3, 10, 100))):
        # Headers are at the beginning; what is there decides what is allocated.
        at = rng.randrange(min(len(data), rng.choice((64, 1024, len(data)))))
        match rng.randrange(4):
            case 0: data[at] = rng.randrange(256)
            case 1: data[at : at + 4] = rng.choice((b"\\xff" * 4, b"\\0" * 4, b"\\x7f\\xff\\xff\\xff"))
            case 2: del data[at : at + rng.randrange(64)]
            case 3: data[at:at] = rng.randbytes(rng.randrange(64))
    return bytes(data)

alive = watchdog(30)
original = sys.stdin.buffer.read()
rng = random.Random(int(sys.argv[1]))
bound_memory(4 * 2**20, working_bytes=256 * 2**20)
outcomes = {}
for _ in range(int(sys.argv[2])):
    sound = Recording(Reader(damaged(original, rng)), InputFormat.OTHER, duration_ms_max=60_000,
                      held_bytes_max=4 * 2**20, on_known=lambda kind: None, without_noise=without_noise)
    try:
        for block in sound.blocks():
            assert len(block) <= 32_000
        outcome = "decoded"
    except EcholessError as error:
        outcome = error.code.value
    finally:
        sound.close()
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
print(json.dumps(outcomes))
"""


@pytest.mark.parametrize(("container", "codec"), _CONTAINERS, ids=["-".join(row) for row in _CONTAINERS])
def test_a_damaged_recording_is_decoded_or_refused_and_harms_nothing(container: str, codec: str) -> None:
    """Bad input of the order: hostile media; each gets the contract's error."""
    rate_hz = 44_100 if container == "flv" else 48_000
    data = recording(container, codec, tone(0.5, rate_hz), rate_hz)
    if container == "mp4":
        data = index_first(data)
    finished = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "1", str(TRIES)], input=data, capture_output=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr.decode(errors="replace")[-2000:]
    outcomes = json.loads(finished.stdout)
    assert sum(outcomes.values()) == TRIES
    allowed = {"decoded", "invalid_audio", "audio_too_short", "audio_too_long", "file_too_large"}
    assert set(outcomes) <= allowed, outcomes
    assert "decoded" in outcomes
