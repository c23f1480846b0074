"""What must stand on a server before anything is planted: a pronunciation dictionary that requests can name.

A dictionary is kept by its nature. Its words are canaries too: they may be in the vault's memory, never in a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.core.errors import EcholessError, ErrorCode

DICTIONARIES: Final = "/v1/pronunciation-dictionaries"


@dataclass(frozen=True, slots=True)
class Groundwork:
    """What plantings can refer to.

    string: the word that the dictionary says otherwise
    """

    dictionary_id: str
    version_id: str
    string: Canary

    @property
    def locators(self) -> list[dict[str, str]]:
        """Name the dictionary in a request."""
        return [{"pronunciation_dictionary_id": self.dictionary_id, "version_id": self.version_id}]


def lay_groundwork(client: AuditClient, mint: CanaryMint) -> Groundwork:
    """Make a dictionary out of canaries.

    raises: EcholessError(NOT_FOUND) when the server does not take it
    """
    string = mint.plain("kept/dictionary/string", 14, is_kept=True)
    alias = mint.plain("kept/dictionary/alias", 40, is_kept=True)
    name = mint.plain("kept/dictionary/name", 40, is_kept=True)
    rule = {"type": "alias", "string_to_replace": string.words[0], "alias": alias.text}
    answer = client.request("POST", f"{DICTIONARIES}/add-from-rules", {"name": name.text, "rules": [rule]})
    if answer.status != 200:
        raise EcholessError(ErrorCode.NOT_FOUND, f"a dictionary could not be made: status {answer.status}")
    made = json.loads(answer.body)
    return Groundwork(made["id"], made["version_id"], string)


def clear_groundwork(client: AuditClient, groundwork: Groundwork) -> None:
    """Put the dictionary away, so that a server in use does not go on listing it."""
    client.request("PATCH", f"{DICTIONARIES}/{groundwork.dictionary_id}", {"archived": True})
