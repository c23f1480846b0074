"""The engine's libraries behind the wall: espeak-ng with voice changes, soxr, LAME, PyAV's encoders.

Prints one JSON line: what the wall lacks, bytes made by each part, and which modules were imported after entering.
"""

from __future__ import annotations

import ctypes
import io
import json
import sys
from typing import Any

import av
import espeakng_loader
import lameenc
import numpy as np
import soxr

from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import enter

_SAMPLE_RATE_HZ = 22050
_CHARS_UTF8 = 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Speaker:
    """espeak-ng by ctypes. Its callback is made before the wall: libffi may need executable memory for it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._parts: list[bytes] = []
        self._callback = _CALLBACK(self._take)
        synchronous = 2
        assert self._library.espeak_Initialize(synchronous, 0, espeakng_loader.get_data_path().encode(), 0) > 0
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._parts.append(ctypes.string_at(samples, count * 2))
        return 0

    def speak(self, text: str, voice: str) -> bytes:
        """Return PCM of a text in a voice."""
        self._parts.clear()
        assert self._library.espeak_SetVoiceByName(voice.encode()) == 0, voice
        data = text.encode() + b"\0"
        assert self._library.espeak_Synth(data, len(data), 0, 0, 0, _CHARS_UTF8, None, None) == 0
        return b"".join(self._parts)


def encode_mp3(samples: np.ndarray[Any, Any]) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(128)
    encoder.set_in_sample_rate(44100)
    encoder.set_channels(1)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes())) + bytes(encoder.flush())


def encode_av(samples: np.ndarray[Any, Any], container: str, codec: str, rate_hz: int) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            target.mux(packet)
    return out.getvalue()


def work(speaker: Speaker) -> dict[str, int]:
    """Do a job with every part and return the bytes made."""
    made: dict[str, int] = {}
    for voice in ("en-us", "en-gb-scotland", "de", "fr", "cmn"):
        pcm = speaker.speak("The quick brown fox, 42 times. Again!", voice)
        made[f"espeak_{voice}"] = len(pcm)
    samples = np.frombuffer(pcm, np.int16)
    made["mp3"] = len(encode_mp3(soxr.resample(samples, _SAMPLE_RATE_HZ, 44100)))
    made["opus"] = len(encode_av(soxr.resample(samples, _SAMPLE_RATE_HZ, 48000), "ogg", "libopus", 48000))
    narrow = soxr.resample(samples, _SAMPLE_RATE_HZ, 8000)
    made["mulaw"] = len(encode_av(narrow, "mulaw", "pcm_mulaw", 8000))
    made["alaw"] = len(encode_av(narrow, "alaw", "pcm_alaw", 8000))
    made["wav"] = len(encode_av(narrow, "wav", "pcm_s16le", 8000))
    return made


def main() -> None:
    """Enter the wall with or without having worked before, then work."""
    speaker = Speaker()
    if "warm" in sys.argv:
        work(speaker)
    readable = (*interpreter_paths(), espeakng_loader.get_data_path())
    facts = enter(SandboxProfile(Role.ENGINE, readable), audit_view=False)
    before = set(sys.modules)
    made = work(speaker)
    late = sorted(set(sys.modules) - before)
    sys.stdout.write(json.dumps({"missing": missing_properties(facts), "made": made, "late": late}))


if __name__ == "__main__":
    main()
