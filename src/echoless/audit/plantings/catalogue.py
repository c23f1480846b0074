"""All plantings of all products."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Form, Planting, Script
from echoless.audit.plantings.audio import audio_plantings
from echoless.audit.plantings.pronunciation_dictionaries import dictionary_plantings
from echoless.audit.plantings.speech_to_text import transcription_plantings
from echoless.audit.plantings.speech_to_text_socket import listening_plantings
from echoless.audit.plantings.text_to_dialogue import dialogue_plantings
from echoless.audit.plantings.text_to_dialogue_sockets import dialogue_socket_plantings
from echoless.audit.plantings.text_to_speech import speech_plantings
from echoless.audit.plantings.text_to_speech_sockets import speech_socket_plantings
from echoless.audit.plantings.voice_changer import conversion_plantings
from echoless.core.errors import EcholessError, ErrorCode

_BY_PRODUCT: Final[Mapping[str, tuple[Callable[..., Iterable[Planting]], ...]]] = {
    "text_to_speech": (speech_socket_plantings, dictionary_plantings),
    "text_to_dialogue": (dialogue_plantings, dialogue_socket_plantings),
    "voice_changer": (conversion_plantings,),
    "speech_to_text": (transcription_plantings, listening_plantings),
    "openai_aliases": (audio_plantings,),
}
PRODUCTS: Final = tuple(_BY_PRODUCT)
_SPEECH: Final = PRODUCTS[0]
_LISTENING: Final = frozenset({"voice_changer", "speech_to_text", "openai_aliases"})
QUICK: Final[Mapping[str, frozenset[str]]] = {
    "text_to_speech": frozenset(
        {
            "zero/T1", "zero/T2 pcm", "zero/T4", "zero/refused/wrong type", "zero/refused/misplaced",
            "kept/refused/no json", "zero/cancelled/stream pcm_22050", "zero/left while sending", "kept/T2",
            "zero/stream-input mp3_44100_128", "zero/open stream-input", "zero/dictionary used",
        }
    ),
    "text_to_dialogue": frozenset({"zero/D1", "zero/D4", "zero/dialogue refused/setting", "kept/D1"}),
    "voice_changer": frozenset(
        {"zero/V1", "zero/V2", "zero/voice changer refused/truncated", "zero/voice changer cancelled", "kept/V1"}
    ),
    "speech_to_text": frozenset(
        {"zero/A1", "zero/A1 characters", "zero/transcription refused/no sound", "zero/realtime by hand", "kept/A1"}
    ),
    "openai_aliases": frozenset(
        {"zero/audio speech mp3", "zero/audio transcription json", "kept/audio speech mp3"}
    ),
}  # fmt: skip
"""The most telling plantings of each product: those that other ways of leaking have in common."""


def all_plantings(
    mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool = True, only: Sequence[str] = ()
) -> tuple[Planting, ...]:
    """Return every planting; the canaries are made here, so that they can be searched for before anything is sent.

    kept_too: False leaves out what would be kept
    only:     members of PRODUCTS; empty for all
    raises:   EcholessError(INVALID_PARAMETERS) for a product that there is not
    """
    wanted = tuple(only) or PRODUCTS
    if not set(wanted) <= set(PRODUCTS):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"an audit covers: {', '.join(PRODUCTS)}", param="only")
    plantings: list[Planting] = []
    for product in (product for product in PRODUCTS if product in wanted):
        mint.product = groundwork.sounds.product = product
        if product == _SPEECH:
            plantings += speech_plantings(mint, kept_too=kept_too)
        for make in _BY_PRODUCT[product]:
            plantings += make(mint, groundwork, kept_too=kept_too)
    mint.product = groundwork.sounds.product = ""
    return tuple(plantings)


def quick_plantings(
    mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool = True, only: Sequence[str] = ()
) -> tuple[Planting, ...]:
    """Return a few telling plantings; canaries and recordings that are in none of them are forgotten.

    only: members of PRODUCTS; empty for text to speech alone
    """
    only = tuple(only) or (_SPEECH,)
    named = frozenset().union(*(QUICK.get(product, frozenset()) for product in only))
    standing = frozenset(canary.name for canary in mint.canaries)
    references = groundwork.sounds.sounds[:]
    plantings = all_plantings(mint, groundwork, kept_too=kept_too, only=only)
    chosen = tuple(planting for planting in plantings if planting.name in named)
    sent = b"\n".join(sent_by(planting) for planting in chosen)
    mint.keep_only(lambda canary: canary.name in standing or canary.words[0].encode() in sent)
    recordings = [planting.sound for planting in chosen if planting.sound is not None]
    groundwork.sounds.sounds[:] = [*references, *recordings]
    return chosen


def sent_by(planting: Planting) -> bytes:
    """Return everything that is sent, so that a word of it can be found."""
    match planting.body:
        case Form():
            body = planting.body.encoded()
        case Script():
            body = b"\n".join(f if isinstance(f, bytes) else f.encode() for f in planting.body.frames)
        case bytes():
            body = planting.body
        case _:
            body = json.dumps(planting.body, ensure_ascii=False).encode()
    return b"\n".join((planting.path.encode(), repr(dict(planting.headers)).encode(), body))


def has_sounds(only: Sequence[str]) -> bool:
    """Whether recordings are planted in any of these products."""
    return not only or bool(_LISTENING & set(only))
