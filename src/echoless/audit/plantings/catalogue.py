"""All plantings of all products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Planting
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
    plantings = list(speech_plantings(mint, kept_too=kept_too)) if _SPEECH in wanted else []
    for make in (make for product in PRODUCTS if product in wanted for make in _BY_PRODUCT[product]):
        plantings += make(mint, groundwork, kept_too=kept_too)
    return tuple(plantings)
