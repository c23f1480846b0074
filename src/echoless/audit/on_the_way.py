"""Everything that a server sends outward, held where nobody answers it yet.

A text on its way to a remote, results on their way to a webhook, an address that a recording is fetched from, and a
notice for which the vault knows where to go: each is in a process that speaks outward, until it is answered.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.client import AuditClient
from echoless.audit.lab_server import Held, LabServer, until
from echoless.audit.outside import Arrived, Outside
from echoless.audit.planting import Form, FormPart
from echoless.audit.plantings.places import switch_of
from echoless.audit.plantings.speech_to_text import MODEL, TRANSCRIPTION
from echoless.audit.plantings.text_to_speech import SPEECH
from echoless.audit.plantings.uploads import fields_of
from echoless.audit.search.needles import text_needles
from echoless.audit.search.sound_needles import sound_needles
from echoless.audit.sounds import Sound, SoundMint
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_records import CreateWorkspace, SetRestriction, WorkspaceCreated

REMOTE_MODEL: Final = "eleven_flash_v2"
SETTINGS: Final = f"""
webhooks = true
fetches = true
outbound_private_addresses = true
outbound_ports = "{{port}}"
outbound_ca_file = "{{ca}}"

[remotes.laboratory]
kind = "openai"
url = "https://127.0.0.1:{{port}}"
no_training_agreed = {{{{ by = "audit", since = 2026-01-31 }}}}
zero_retention_declared = {{{{ by = "audit", since = 2026-01-31 }}}}
default_voice = "alloy"

[model_engines]
{REMOTE_MODEL} = "remote:laboratory"
"""
"""What a server needs that sends everything to one place; `port` and `ca` are to be filled in."""
_WEBHOOKS: Final = "/v1/workspace/webhooks"
_RESULTS: Final = "/results"
_RECORDINGS: Final = "/recordings/"
_SPOKEN: Final = "/v1/audio/speech"
_TEXT_CHARACTERS: Final = 2_000
_WORDS_CHARACTERS: Final = 26
_ARRIVED_WITHIN_S: Final = 45.0
_ENDED_WITHIN_S: Final = 60.0
_GOOD: Final = 200
_ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of results and of notices.

    webhook_id:   of the first workspace, for results
    workspace_id: of another one, whose webhook is told of notices
    notice_path:  where that webhook is, and a canary
    """

    webhook_id: str
    workspace_id: str
    notice_path: str = field(repr=False)
    address: Canary = field(repr=False)

    @classmethod
    def by(cls, server: LabServer, outside: Outside) -> Told:
        """Register webhooks with a server.

        raises: EcholessError(ENGINE_UNAVAILABLE) when it does not take them
        """
        made = server.ask(CreateWorkspace("told", "enterprise", True))
        assert isinstance(made, WorkspaceCreated), "the vault makes a workspace when the operator says so"
        address = server.lab.mint.plain("kept/address of notices", _WORDS_CHARACTERS, is_kept=True)
        notice_path = f"/{'-'.join(address.words)}"
        webhook_id = _registered(server.running.url, server.running.api_key, outside.url(_RESULTS))
        _registered(server.running.url, made.secret, outside.url(notice_path))
        return cls(webhook_id, made.workspace_id, notice_path, address)


@dataclass(slots=True)
class OnTheWay:
    """What is held.

    zero:     the metadata of results that are not kept
    item_id:  of the transcript that is kept
    arrived:  what has come to where nobody answers
    statuses: what waiting clients were told in the end; one that was cut off was told nothing
    """

    held: Held
    zero: Canary = field(repr=False)
    item_id: str = ""
    arrived: tuple[Arrived, ...] = ()
    statuses: list[int] = field(default_factory=list)


@contextlib.contextmanager
def all_on_the_way(
    server: LabServer, sounds: SoundMint, outside: Outside, told: Told, name: str, *, is_restricted: bool
) -> Iterator[OnTheWay]:
    """Have everything go out that can, and wait until it has arrived; on leaving everything is answered.

    is_restricted: what the notice tells, which must be new each time
    """
    mint, before = server.lab.mint, len(outside.arrived())
    text = mint.plain(f"zero/{name}/text to a remote", _TEXT_CHARACTERS, is_kept=False)
    fetched = mint.plain(f"zero/{name}/address of a recording", _WORDS_CHARACTERS, is_kept=False)
    results = [mint.plain(f"{mode}/{name}/metadata", _WORDS_CHARACTERS, is_kept=mode == "kept") for mode in _MODES]
    heard = [sounds.sound(f"{mode}/{name}/recording", "wav", is_kept=mode == "kept") for mode in _MODES]
    outside.hold()
    way = OnTheWay(_held([text, fetched, *results, told.address], heard, sounds), results[0])
    for metadata, sound in zip(results, heard, strict=True):
        way.item_id = _accepted(server, told, metadata, sound) or way.item_id
    url = outside.url(f"{_RECORDINGS}{'-'.join(fetched.words)}")
    fetch = Form("laboratory", tuple(_fields({"cloud_storage_url": url, "model_id": MODEL})))
    spoken = {"text": text.text, "model_id": REMOTE_MODEL}
    waiting = [
        _begun(server, f"{SPEECH}?output_format=pcm_24000&enable_logging=false", spoken, way),
        _begun(server, f"{TRANSCRIPTION}?enable_logging=false", fetch, way),
    ]
    server.ask(SetRestriction(told.workspace_id, is_restricted, "high_risk" if is_restricted else ""))
    until(lambda: have_all(outside.arrived()[before:], told), _ARRIVED_WITHIN_S)
    way.arrived = outside.arrived()[before:]
    try:
        yield way
    finally:
        outside.let_go()
        for thread in waiting:
            thread.join(_ENDED_WITHIN_S)


_MODES: Final = ("zero", "kept")


def have_all(arrived: Sequence[Arrived], told: Told) -> bool:
    """Whether a text, an address of a recording, results of both modes and a notice have arrived."""
    paths = [each.path for each in arrived]
    is_fetched = any(path.startswith(_RECORDINGS) for path in paths)
    return is_fetched and {_SPOKEN, told.notice_path} <= set(paths) and paths.count(_RESULTS) >= len(_MODES)


def _held(canaries: Sequence[Canary], heard: Sequence[Sound], sounds: SoundMint) -> Held:
    needles = text_needles(canaries)
    for sound in heard:
        needles += sound_needles(sound, sounds.sounds)
    kept = [canary.name for canary in canaries if canary.is_kept]
    kept += [f"{sound.name}/sound" for sound in heard if sound.is_kept]
    return Held(needles, frozenset(kept))


def _registered(url: str, api_key: str, address: str) -> str:
    with AuditClient(url, api_key) as client:
        hook = {"settings": {"name": "laboratory", "webhook_url": address}}
        answer = client.request("POST", _WEBHOOKS, hook)
    if answer.status != _GOOD:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"a webhook was answered {answer.status}")
    return str(json.loads(answer.body)["webhook_id"])


def _accepted(server: LabServer, told: Told, metadata: Canary, sound: Sound) -> str:
    """Have a recording transcribed for a webhook; return the id of what is kept of it, empty for nothing.

    raises: EcholessError(ENGINE_UNAVAILABLE) when it is not accepted
    """
    fields = {
        "model_id": MODEL, "webhook": "true", "webhook_id": told.webhook_id,
        "webhook_metadata": json.dumps({"ward": metadata.text}),
    }  # fmt: skip
    file = FormPart("file", sound.data, "laboratory.wav", "audio/wav")
    form = Form("laboratory", (*fields_of(sound, fields), file))
    with server.client() as client:
        answer = client.request("POST", f"{TRANSCRIPTION}?webhook=true{switch_of(metadata.is_kept)}", form)
    if answer.status != _ACCEPTED:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"a recording for a webhook was answered {answer.status}")
    return str(json.loads(answer.body).get("transcription_id") or "")


def _fields(fields: dict[str, str]) -> Iterator[FormPart]:
    return (FormPart(name, value.encode()) for name, value in fields.items())


def _begun(server: LabServer, path: str, body: object, way: OnTheWay) -> threading.Thread:
    """Ask beside what goes on here; a process that ends may take the connection with it."""

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException), server.client() as client:
            way.statuses.append(client.request("POST", path, body).status)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread
