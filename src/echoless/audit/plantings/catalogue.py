"""All plantings of all products."""

from __future__ import annotations

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


def all_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool = True) -> tuple[Planting, ...]:
    """Return every planting; the canaries are made here, so that they can be searched for before anything is sent.

    kept_too: False leaves out what would be kept
    """
    products = (
        speech_socket_plantings,
        dialogue_plantings,
        dialogue_socket_plantings,
        dictionary_plantings,
        conversion_plantings,
        transcription_plantings,
        listening_plantings,
        audio_plantings,
    )
    plantings = list(speech_plantings(mint, kept_too=kept_too))
    for product in products:
        plantings += product(mint, groundwork, kept_too=kept_too)
    return tuple(plantings)
