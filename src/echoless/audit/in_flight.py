"""Requests that are held in the middle, so that their content is in a process when that process ends.

Each is made so that a process of one role has something of it at that moment; whoever ends that process first
searches its memory, since a blow to a process that held nothing shows nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.client import Answer, AuditClient
from echoless.audit.lab_server import Held, LabServer
from echoless.audit.plantings.places import switch_of
from echoless.audit.plantings.speech_to_text import MODEL as TRANSCRIPTION_MODEL
from echoless.audit.plantings.speech_to_text import TRANSCRIPTION
from echoless.audit.plantings.speech_to_text_socket import LISTENING, chunks_of
from echoless.audit.plantings.speech_to_text_socket import MODEL as LISTENING_MODEL
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.plantings.uploads import fields_of, form_of
from echoless.audit.search.needles import text_needles
from echoless.audit.search.sound_needles import sound_needles
from echoless.audit.sounds import RAW, SoundMint

TEXT_CHARACTERS: Final = 6_000
RECORDING_WORDS: Final = 48
_FIRST_BYTES: Final = 1_024
_ENDED_WITHIN_S: Final = 60.0


Holding = Callable[[LabServer, SoundMint, str], contextlib.AbstractContextManager[Held]]


@contextlib.contextmanager
def speech_held(server: LabServer, _sounds: SoundMint, name: str) -> Iterator[Held]:
    """Hold a zero-retention stream whose client has stopped reading: gateway and engine have its text."""
    with _stream_held(server, server.lab.mint.plain(f"{name}/text", TEXT_CHARACTERS, is_kept=False)) as held:
        yield held


@contextlib.contextmanager
def kept_speech_held(server: LabServer, _sounds: SoundMint, name: str) -> Iterator[Held]:
    """Hold a stream that is kept: the vault has its text; and one with zero retention, which it must not have."""
    kept = server.lab.mint.plain(f"{name}/kept text", TEXT_CHARACTERS, is_kept=True)
    unkept = server.lab.mint.plain(f"{name}/text", TEXT_CHARACTERS, is_kept=False)
    with _stream_held(server, kept) as held, _stream_held(server, unkept) as beside:
        yield Held(held.needles + beside.needles, held.kept, held.answers)


@contextlib.contextmanager
def _stream_held(server: LabServer, canary: Canary) -> Iterator[Held]:
    running = server.running
    with AuditClient(running.url, running.api_key) as client:
        path = f"{SPEECH}/stream?output_format=pcm_44100{switch_of(canary.is_kept)}"
        stream = client.open_stream(path, {"text": canary.text, "model_id": MODEL})
        try:
            stream.read(_FIRST_BYTES)
            kept = frozenset({canary.name} if canary.is_kept else ())
            yield Held(text_needles([canary]), kept, [Answer(stream.status, {}, b"")])
        finally:
            stream.close()


@contextlib.contextmanager
def recording_held(server: LabServer, sounds: SoundMint, name: str) -> Iterator[Held]:
    """Hold the transcription of a long recording: the media process has its samples, for as long as it works."""
    sound = sounds.sound(name, "wav", is_kept=False, word_count=RECORDING_WORDS)
    parts = fields_of(sound, {"model_id": TRANSCRIPTION_MODEL})
    form = form_of(server.lab.mint, name, "file", sound.data, parts)
    held = Held(sound_needles(sound, sounds.sounds))
    waiter = threading.Thread(
        target=_ask, args=(server, f"{TRANSCRIPTION}?enable_logging=false", form, held), daemon=True
    )
    waiter.start()
    try:
        yield held
    finally:
        waiter.join(_ENDED_WITHIN_S)


def _ask(server: LabServer, path: str, body: object, held: Held) -> None:
    """Ask once, on a connection of its own; a process that ends may take the connection with it."""
    with (
        contextlib.suppress(OSError, http.client.HTTPException),
        AuditClient(server.running.url, server.running.api_key) as client,
    ):
        held.answers.append(client.request("POST", path, body))


@contextlib.contextmanager
def listening_held(server: LabServer, sounds: SoundMint, name: str) -> Iterator[Held]:
    """Hold a socket that was told words and not yet the end of them: the live process has its samples."""
    sound = sounds.sound(name, RAW, is_kept=False)
    with AuditClient(server.running.url, server.running.api_key) as client:
        path = f"{LISTENING}?model_id={LISTENING_MODEL}&audio_format=pcm_16000&commit_strategy=manual"
        opened = client.open_socket(f"{path}&enable_logging=false")
        try:
            opened.say(*chunks_of(sound))
            yield Held(sound_needles(sound, sounds.sounds))
        finally:
            opened.vanish()


HOLDING: Final[dict[str, Holding]] = {
    "engine": speech_held,
    "gateway": speech_held,
    "media": recording_held,
    "live": listening_held,
    "vault": kept_speech_held,
    "supervisor": speech_held,
}
"""How content comes into a process of each role; the supervisor has none, and takes those with it who have."""
