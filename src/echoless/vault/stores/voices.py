"""Which voice an id means for one workspace, and with which stored settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICE_BY_ID
from echoless.vault.stores.accounts import Accounts

DEFAULT_VOICE_SETTINGS: Final[Mapping[str, float | bool]] = MappingProxyType(
    {"stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True, "speed": 1.0}
)
_RANGES: Final = {
    "stability": (0.0, 1.0),
    "similarity_boost": (0.0, 1.0),
    "style": (0.0, 1.0),
    "speed": (0.25, 4.0),
    "clone_strength": (0.0, 1.0),
}
_ERROR: Final = "error"


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """An id that may be spoken with."""

    voice_id: str
    name: str
    catalogue_id: str


class VoiceBook:
    """Resolves ids: the catalogue first, then the operator's aliases, then the configuration's.

    unknown_voice: `error`, or the id of the voice that speaks for every unknown one
    raises:        EcholessError(CONFIGURATION) where the configuration names a voice that is not in the catalogue
    """

    def __init__(self, accounts: Accounts, config_aliases: Mapping[str, str], unknown_voice: str) -> None:
        self._accounts = accounts
        self._config_aliases = dict(config_aliases)
        self._unknown = "" if unknown_voice == _ERROR else unknown_voice
        named = {*self._config_aliases.values(), *filter(None, [self._unknown])}
        if not named <= VOICE_BY_ID.keys():
            raise EcholessError(
                ErrorCode.CONFIGURATION, "unknown_voice or voice_aliases names a voice that is not in the catalogue"
            )

    def find(self, voice_id: str) -> KnownVoice | None:
        """Return the voice that an id means, or None."""
        catalogue_id = self._catalogue_id(voice_id)
        if catalogue_id is None:
            return None
        return KnownVoice(voice_id, VOICE_BY_ID[catalogue_id].name, catalogue_id)

    def all(self) -> Iterator[KnownVoice]:
        """Yield the catalogue's voices, then the aliases."""
        for voice_id in dict.fromkeys((*VOICE_BY_ID, *self._accounts.voice_aliases, *self._config_aliases)):
            voice = self.find(voice_id)
            if voice is not None:
                yield voice

    def settings(self, workspace_id: str, voice_id: str) -> dict[str, float | bool]:
        """Return the settings of a voice as the workspace stored them, over the default ones."""
        stored = self._accounts.voice_settings.get((workspace_id, voice_id), {})
        return {**DEFAULT_VOICE_SETTINGS, **stored}

    def _catalogue_id(self, voice_id: str) -> str | None:
        if voice_id in VOICE_BY_ID:
            return voice_id
        alias = self._accounts.voice_aliases.get(voice_id) or self._config_aliases.get(voice_id)
        return alias or (self._unknown if self._unknown and voice_id else None)


def checked_settings(settings: Mapping[str, float | bool]) -> dict[str, float | bool]:
    """Return voice settings, each proved to be a known one inside its range.

    raises: EcholessError(INVALID_PARAMETERS) naming the field
    """
    checked: dict[str, float | bool] = {}
    for name, value in settings.items():
        if name == "use_speaker_boost":
            is_good = isinstance(value, bool)
        else:
            low, high = _RANGES.get(name, (1.0, 0.0))
            is_good = not isinstance(value, bool) and low <= value <= high
        if not is_good:
            # A name that is none of ours could be anything; it is not repeated.
            field = name if name in _RANGES or name == "use_speaker_boost" else "voice_settings"
            message = "A voice setting is unknown or out of range."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=field)
        checked[name] = value
    return checked
