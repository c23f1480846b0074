"""Declared remotes: servers that do work in place of an engine of ours, and what was agreed with whoever runs them.

A remote sees content, so it is declared with two statements, each with who made it and since when. Without the
first (nothing is trained on) it cannot be enabled; without the second (nothing is kept of such work) it gets no
zero-retention work.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_control import RemoteAccess, RemoteFacts

REMOTES_MAX: Final = 16
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,1024}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# What an OpenAI-compatible server answers exactly: samples of 24 kHz. The rates of its MP3 are its own affair.
_OPENAI_FORMATS: Final = {"pcm_24000": "pcm"}
_Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:/{}+-]+$")]


class Declaration(BaseModel):
    """Who stated something, and since when it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=256)
    since: datetime.date


class RemoteSettings(BaseModel):
    """One remote, as its operator declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["openai", "elevenlabs"]
    url: str = Field(min_length=8, max_length=1024)
    enabled: bool = True
    api_key_file: str | None = None
    no_training_agreed: Declaration | None = None
    zero_retention_declared: Declaration | None = None
    probe_history: bool = False
    plain_http: bool = False
    models: dict[_Word, _Word] = Field(default_factory=dict)
    voices: dict[_Word, str] = Field(default_factory=dict)
    default_voice: str = Field("", max_length=256)
    formats: dict[_Word, _Word] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_agreements(self) -> Self:
        if self.enabled and self.no_training_agreed is None:
            raise ValueError(
                "a remote sees content, so it cannot be enabled before its operator has agreed not to train on it: "
                'give no_training_agreed = { by = "who", since = 2026-01-31 }'
            )
        if self.probe_history and self.kind != "elevenlabs":
            raise ValueError("probe_history is for remotes of the kind elevenlabs: others have no history to ask")
        return self

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        parts = _parts_of(self.url)
        if parts is None or parts.username or parts.query or parts.fragment:
            raise ValueError("url must read https://host, with a port and a path where they are needed")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not self.plain_http:
            raise ValueError(
                "http:// would show content to the network; plain_http = true accepts that on a network of yours"
            )
        if not AUDIO_FORMATS.keys() >= self.formats.keys():
            raise ValueError("formats names an output format that does not exist")
        return self

    @property
    def port(self) -> int:
        """The TCP port to connect to."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def host(self) -> str:
        """The name or address to connect to."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class DeclaredRemote:
    """An enabled remote with the place of its egress process."""

    name: str
    settings: RemoteSettings
    peer_name: str

    @property
    def facts(self) -> RemoteFacts:
        """What gateways must know."""
        is_openai = self.settings.kind == "openai"
        return RemoteFacts(
            name=self.name,
            peer_name=self.peer_name,
            is_zero_declared=self.settings.zero_retention_declared is not None,
            output_formats=tuple(_OPENAI_FORMATS | self.settings.formats) if is_openai else (),
            has_alignment=not is_openai,
            can_convert=not is_openai,
            has_speakers=not is_openai,
        )

    @property
    def access(self) -> RemoteAccess:
        """What its egress process must know.

        raises: EcholessError(CONFIGURATION) when the file of its key cannot be read
        """
        settings = self.settings
        own_formats = _OPENAI_FORMATS if settings.kind == "openai" else {}
        return RemoteAccess(
            name=self.name,
            kind=settings.kind,
            url=settings.url.rstrip("/"),
            api_key="" if settings.api_key_file is None else read_key(Path(settings.api_key_file), self.name),
            is_zero_declared=settings.zero_retention_declared is not None,
            probes_history=settings.probe_history,
            models=dict(settings.models),
            voices=dict(settings.voices),
            default_voice=settings.default_voice,
            formats={**own_formats, **settings.formats},
        )


def _parts_of(url: str) -> SplitResult | None:
    """Return the parts of an HTTP address, None where it is none or names a port that cannot be."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole else None


def declared_remotes(remotes: Mapping[str, RemoteSettings]) -> tuple[DeclaredRemote, ...]:
    """Return the enabled remotes in the order of their egress processes."""
    enabled = [(name, settings) for name, settings in remotes.items() if settings.enabled]
    return tuple(
        DeclaredRemote(name, settings, f"egress-{index}") for index, (name, settings) in enumerate(enabled)
    )


def check_names(remotes: Mapping[str, RemoteSettings]) -> None:
    """Refuse names that could not stand in `remote:NAME`, and too many of them.

    raises: ValueError in plain words
    """
    if len(remotes) > REMOTES_MAX:
        raise ValueError(f"at most {REMOTES_MAX} remotes can be declared")
    if not all(_NAME.fullmatch(name) for name in remotes):
        raise ValueError("the name of a remote has 1 to 32 small letters, digits, - or _")


def read_key(path: Path, name: str) -> str:
    """Return the key in a file.

    raises: EcholessError(CONFIGURATION), naming the file and never its content
    """
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if _KEY.fullmatch(key) is None:
        raise EcholessError(
            ErrorCode.CONFIGURATION, f"remotes.{name}.api_key_file: {path} cannot be read or holds no key"
        )
    return key
