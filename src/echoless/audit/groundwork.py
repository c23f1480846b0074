"""What must stand before anything is planted: a dictionary that requests can name, and a voice for recordings.

A dictionary is kept by its nature. Its words are canaries too: they may be in the vault's memory, never in a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.sounds import CONTAINERS, SPOKEN_RATE_HZ, Samples, SoundMint
from echoless.core.errors import EcholessError, ErrorCode

_VOICE: Final = "JBFqnCBsd6RMkjVDRZzb"
_MODEL: Final = "eleven_flash_v2_5"
DICTIONARIES: Final = "/v1/pronunciation-dictionaries"


@dataclass(frozen=True, slots=True)
class Groundwork:
    """What plantings can refer to.

    string: the word that the dictionary says otherwise
    sounds: makes recordings of this server's own voice
    """

    dictionary_id: str
    version_id: str
    string: Canary
    sounds: SoundMint = field(repr=False)

    @property
    def locators(self) -> list[dict[str, str]]:
        """Name the dictionary in a request; nothing where there is none."""
        if not self.dictionary_id:
            return []
        return [{"pronunciation_dictionary_id": self.dictionary_id, "version_id": self.version_id}]


def lay_groundwork(
    client: AuditClient, mint: CanaryMint, *, has_sounds: bool = True, has_dictionary: bool = True
) -> Groundwork:
    """Make a dictionary out of canaries.

    has_dictionary: False where it would stay for ever: a dictionary can be put away, not deleted
    has_sounds:     False where no recording will be planted, so that none to compare with is needed
    raises: EcholessError(NOT_FOUND) when the server does not take it
    """
    if not has_dictionary:
        string = mint.plain("zero/no dictionary/string", 14, is_kept=False)
        return Groundwork("", "", string, _sounds(client, has_references=has_sounds))
    string = mint.plain("kept/dictionary/string", 14, is_kept=True)
    alias = mint.plain("kept/dictionary/alias", 40, is_kept=True)
    name = mint.plain("kept/dictionary/name", 40, is_kept=True)
    rule = {"type": "alias", "string_to_replace": string.words[0], "alias": alias.text}
    answer = client.request("POST", f"{DICTIONARIES}/add-from-rules", {"name": name.text, "rules": [rule]})
    if answer.status != 200:
        raise EcholessError(ErrorCode.NOT_FOUND, f"a dictionary could not be made: status {answer.status}")
    made = json.loads(answer.body)
    sounds = _sounds(client, has_references=has_sounds)
    return Groundwork(made["id"], made["version_id"], string, sounds)


def _sounds(client: AuditClient, *, has_references: bool) -> SoundMint:
    """Return what makes recordings, and make one of each kind that is never sent.

    What another recording of its kind shares with it is the container's, and tells nothing.
    """
    sounds = SoundMint(lambda text: samples_of(client, text))
    for kind in CONTAINERS if has_references else ():
        sounds.sound(f"reference {kind}", kind, is_kept=False)
    return sounds


def samples_of(client: AuditClient, text: str) -> Samples:
    """Have the server say a text, and keep nothing of it.

    raises: EcholessError(ENGINE_UNAVAILABLE) when it does not
    """
    path = f"/v1/text-to-speech/{_VOICE}/stream?output_format=pcm_{SPOKEN_RATE_HZ}&enable_logging=false"
    answer = client.request("POST", path, {"text": text, "model_id": _MODEL})
    if answer.status != 200:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"a recording could not be made: status {answer.status}")
    return np.frombuffer(answer.body, "<i2")


def clear_groundwork(client: AuditClient, groundwork: Groundwork) -> None:
    """Put the dictionary away, so that a server in use does not go on listing it."""
    if groundwork.dictionary_id:
        client.request("PATCH", f"{DICTIONARIES}/{groundwork.dictionary_id}", {"archived": True})
