"""All plantings of all products."""

from __future__ import annotations

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Planting
from echoless.audit.plantings.pronunciation_dictionaries import dictionary_plantings
from echoless.audit.plantings.text_to_dialogue import dialogue_plantings
from echoless.audit.plantings.text_to_speech import speech_plantings
from echoless.audit.plantings.text_to_speech_sockets import speech_socket_plantings


def all_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool = True) -> tuple[Planting, ...]:
    """Return every planting; the canaries are made here, so that they can be searched for before anything is sent.

    kept_too: False leaves out what would be kept
    """
    return (
        *speech_plantings(mint, kept_too=kept_too),
        *speech_socket_plantings(mint, groundwork, kept_too=kept_too),
        *dialogue_plantings(mint, groundwork, kept_too=kept_too),
        *dictionary_plantings(mint, groundwork, kept_too=kept_too),
    )
