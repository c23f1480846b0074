"""Speech to text while it is spoken: committed by hand and by silence, both modes, good frames and bad ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner, Planting, Script, mode_name
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for
from echoless.audit.sounds import RAW, Sound

LISTENING: Final = "/v1/speech-to-text/realtime"
MODEL: Final = "scribe_v2_realtime"
NORMAL: Final = 1000
POLICY: Final = 1008
OPEN: Final = 101
_CHUNK_BYTES: Final = 8_000
_SILENCE: Final = bytes(64_000)
_COMMITTED: Final = b'"committed_transcript'


def listening_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield everything that is planted by the socket that listens."""
    yield from _good(mint, groundwork, is_kept=False)
    yield from _refused(mint)
    yield from _vanished(groundwork)
    if kept_too:
        yield from _good(mint, groundwork, is_kept=True)


def transcript_of_messages(body: bytes) -> str:
    """Return everything that was understood, partial or committed."""
    messages = [json.loads(line) for line in body.splitlines()]
    return "\n".join(message["text"] for message in messages if "text" in message)


def _address(is_kept: bool, more: str = "") -> str:
    return f"{LISTENING}?model_id={MODEL}&audio_format=pcm_16000{switch_of(is_kept)}{more}"


def _chunk(data: bytes, **more: Any) -> str:
    encoded = base64.b64encode(data).decode()
    return json.dumps(
        {"message_type": "input_audio_chunk", "audio_base_64": encoded, "sample_rate": 16_000, **more}
    )


def chunks_of(sound: Sound, **first: Any) -> list[str]:
    """Return a recording as the frames that bring it.

    first: more members of the first frame
    """
    pieces = [sound.data[start : start + _CHUNK_BYTES] for start in range(0, len(sound.data), _CHUNK_BYTES)]
    return [_chunk(piece, **(first if number == 0 else {})) for number, piece in enumerate(pieces)]


def _good(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    """Yield a socket that is committed by hand and closed, and one that silence commits and that stays open."""
    for is_manual in (True, False):
        name = f"{mode_name(is_kept)}/realtime {'by hand' if is_manual else 'by silence'}"
        sound = groundwork.sounds.sound(name, RAW, is_kept=is_kept)
        places = ("term",) if is_manual else ()
        around = words_for(mint, name, (*AROUND, *places, "unknown key", "unknown value", "before"))
        strategy = "manual" if is_manual else "vad&vad_silence_threshold_secs=0.5"
        # An open session holds its terms for as long as it may need them, so only the one that is closed has some.
        term = f"&keyterms={around['term']}" if is_manual else ""
        more = f"&commit_strategy={strategy}&include_timestamps=true{term}{query_of(around)}"
        told = {"previous_text": around["before"], around["unknown key"]: around["unknown value"]}
        end = _chunk(b"", commit=True) if is_manual else _chunk(_SILENCE)
        yield Planting(
            name, is_kept, "WS", _address(is_kept, more), Script((*chunks_of(sound, **told), end), _COMMITTED),
            headers_of(around), statuses=(NORMAL,) if is_manual else (OPEN,), sound=sound,
            manner=Manner.CLOSED_BY_CLIENT if is_manual else Manner.HELD_OPEN, transcript_of=transcript_of_messages,
        )  # fmt: skip


def _refused(mint: CanaryMint) -> Iterator[Planting]:
    """Yield frames that are none of the contract's, and queries that are wrong."""
    for is_kept in (False, True):
        base = f"{mode_name(is_kept)}/realtime refused"

        def word(part: str, base: str = base) -> str:
            return mint.plain(f"{base}/{part}", 40, is_kept=False).text

        scripts: dict[str, tuple[str | bytes, ...]] = {
            "no json": (word("no json"),),
            "binary": (word("binary").encode(),),
            "no base64": (json.dumps({"message_type": "input_audio_chunk", "audio_base_64": word("no base64")}),),
            "message type": (json.dumps({"message_type": word("message type")}),),
            "wrong rate": (_chunk(word("wrong rate").encode(), sample_rate=7),),
        }
        for problem, frames in scripts.items():
            yield Planting(
                f"{base}/{problem}", is_kept, "WS", _address(is_kept), Script(frames, b"error"),
                manner=Manner.CLOSED_BY_CLIENT, statuses=(NORMAL, POLICY),
            )  # fmt: skip
        query = _address(is_kept, f"&commit_strategy={word('strategy').split()[0]}")
        yield Planting(f"{base}/strategy", is_kept, "WS", query, Script(()), statuses=(POLICY, NORMAL))


def _vanished(groundwork: Groundwork) -> Iterator[Planting]:
    """Yield sockets whose client is gone in the middle of a word."""
    for manner in (Manner.CANCELLED, Manner.LEFT_WHILE_SENDING):
        name = f"zero/realtime {manner.value}"
        sound = groundwork.sounds.sound(name, RAW, is_kept=False)
        yield Planting(
            name, False, "WS", _address(False), Script(tuple(chunks_of(sound)[:-1])), statuses=(OPEN,),
            manner=manner, sound=sound,
        )  # fmt: skip
