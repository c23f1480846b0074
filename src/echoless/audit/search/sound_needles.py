"""What is searched for of a recording: its bytes, and windows of its samples in every form that they take.

The recording is decoded here as an engine decodes it, with the same libraries, and brought to the rates that
engines work at; a window of eight samples is searched for as integers of 16 bits, as floating point of both sizes,
scaled to one and not, and companded.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from echoless.audit.search.needles import MASK, Needle, audio_needles, base64_audio_needles, without_common
from echoless.audit.sounds import RAW, SPOKEN_RATE_HZ, Sound

Mono = NDArray[np.float32]
_WINDOW_SAMPLES: Final = 8
_COMPANDED_SAMPLES: Final = 16
_WINDOWS: Final = 24
_UPLOAD_WINDOWS: Final = 48
_LOUDNESS_MIN: Final = 24
_ULAW_BIAS: Final = 132
_ULAW_CLIP: Final = 32_635
_SCALE: Final = np.float32(32_768)
# Recognition works at the first, conversion at the second.
ENGINE_RATES_HZ: Final = (SPOKEN_RATE_HZ, 24_000)


def sound_needles(
    sound: Sound, others: Iterable[Sound] = (), rates_hz: Sequence[int] = ENGINE_RATES_HZ
) -> list[Needle]:
    """Return needles for a recording: as it was uploaded, decoded, and at the rates that engines work at.

    others: more recordings; what a container of the same kind holds too is the container's, and tells nothing
    """
    owner = f"{sound.name}/sound"
    alike = [other.data for other in others if other.kind == sound.kind and other is not sound]
    needles = without_common(audio_needles(sound.data, owner, f"upload {sound.kind}", _UPLOAD_WINDOWS), alike)
    needles += base64_audio_needles(sound.data, owner, f"upload {sound.kind}", alike)
    for channel in decoded(sound):
        needles += sample_needles(channel, owner, f"{sound.kind} {sound.rate_hz}")
        for rate_hz in rates_hz:
            if rate_hz != sound.rate_hz:
                needles += sample_needles(resampled(channel, sound.rate_hz, rate_hz), owner, f"at {rate_hz}")
    return needles


def decoded(sound: Sound) -> list[Mono]:
    """Return the samples of each channel as a decoder gives them, -1 to 1."""
    if sound.kind == RAW:
        return [np.frombuffer(sound.data, "<i2").astype(np.float32) / _SCALE]
    frames: list[NDArray[np.float32]] = []
    with av.open(io.BytesIO(sound.data), "r") as container:
        for frame in container.decode(audio=0):
            channels = frame.layout.nb_channels
            values = frame.to_ndarray()
            shaped = values if frame.format.is_planar else values.reshape(-1, channels).T
            scale = _SCALE if frame.format.name.startswith("s16") else np.float32(1)
            frames.append(shaped.astype(np.float32) / scale)
    return list(np.concatenate(frames, axis=1))


def resampled(samples: Mono, rate_hz: int, wanted_hz: int) -> Mono:
    """Return samples at another rate, by the filter that the server's engines use."""
    stream = soxr.ResampleStream(rate_hz, wanted_hz, 1, dtype="float32")
    changed: Mono = stream.resample_chunk(np.ascontiguousarray(samples), last=True)
    return changed


def made_sample_needles(pcm: bytes, owner: str, kind: str, others: Sequence[bytes] = ()) -> list[Needle]:
    """Return needles for linear audio that the server made, in the forms that engines work with.

    pcm:    integers of 16 bits, as the client got them
    others: audio of other texts in the same format; windows that it holds too are left out: the same voice says the
            same sound alike
    """
    whole = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    telling = [
        place
        for place in _places(whole)
        if not any(whole[place : place + _WINDOW_SAMPLES].tobytes() in other for other in others)
    ]
    windows = [whole[place : place + _WINDOW_SAMPLES] for place in telling]
    return [
        Needle(f"{kind} {name}", owner, data.translate(MASK))
        for integers in windows
        for data, name in _forms(integers, integers.astype(np.float32) / _SCALE).items()
        if name != "int16"
    ]


def sample_needles(samples: Mono, owner: str, kind: str) -> list[Needle]:
    """Return needles for windows from all over some samples, -1 to 1, in every form."""
    whole = np.clip(np.rint(samples * _SCALE), -_SCALE, _SCALE - 1).astype("<i2")
    needles = []
    for place in _places(whole):
        window = slice(place, place + _WINDOW_SAMPLES)
        unique = _forms(whole[window], samples[window])
        unique[as_ulaw(whole[place : place + _COMPANDED_SAMPLES])] = "mu-law"
        needles += [Needle(f"{kind} {name}", owner, data.translate(MASK)) for data, name in unique.items()]
    return needles


def _forms(integers: NDArray[np.int16], exact: Mono) -> dict[bytes, str]:
    """Return the bytes of some samples in every form, with its name; forms with the same bytes count once."""
    forms: dict[str, NDArray[Any]] = {
        "int16": integers,
        "float32": integers.astype("<f4") / _SCALE,
        "float64": integers.astype("<f8") / 32_768.0,
        "float32 unscaled": integers.astype("<f4"),
        "float64 unscaled": integers.astype("<f8"),
        "float32 exact": exact.astype("<f4"),
        "float64 exact": exact.astype("<f8"),
    }
    return {form.tobytes(): name for name, form in reversed(forms.items())}


def as_ulaw(samples: NDArray[np.int16]) -> bytes:
    """Return samples companded by the mu-law.

    source: ITU-T G.711
    """
    values = samples.astype(np.int32)
    sign = np.where(values < 0, 0x80, 0)
    biased = np.minimum(np.abs(values), _ULAW_CLIP) + _ULAW_BIAS
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    coded = ~(sign | (exponent << 4) | mantissa) & 0xFF
    companded: bytes = coded.astype(np.uint8).tobytes()
    return companded


def _places(samples: NDArray[np.int16]) -> Iterator[int]:
    """Yield where a telling window begins in each of some parts: eight different samples, none silent."""
    last = len(samples) - _COMPANDED_SAMPLES
    for part in range(_WINDOWS):
        for place in range(last * part // _WINDOWS, last * (part + 1) // _WINDOWS):
            window = samples[place : place + _WINDOW_SAMPLES]
            if np.abs(window).min() >= _LOUDNESS_MIN and len(set(window.tolist())) == _WINDOW_SAMPLES:
                yield place
                break
