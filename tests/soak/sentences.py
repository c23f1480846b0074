"""What a storm says, and how one request of it went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.raw_client import SPEECH, raw_connection, request_bytes
from tests.fakes.running_server import RunningServer

_FORMAT = "ulaw_8000"
_ANSWER_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and the audio that it always makes, since every request gives the same seed."""

    text: str
    is_kept: bool
    audio: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Said:
    """How one request went.

    audio_s: when the last byte of audio came, on the monotonic clock; 0.0 where not all of it came
    """

    sentence: Sentence
    status: int = 0
    item_id: str = ""
    audio: bytearray = field(default_factory=bytearray, repr=False)
    is_whole: bool = False
    audio_s: float = 0.0


def say(server: RunningServer, sentence: Sentence, on_audio: Callable[[], None] = lambda: None) -> Said:
    """Ask for a sentence and read as much of the answer as comes; a broken connection is no error here.

    on_audio: called when the first audio of the answer comes
    """
    said = Said(sentence)
    body = b'{"text": "%s", "seed": 7}' % sentence.text.encode("ascii")
    query = f"?output_format={_FORMAT}&enable_logging={'true' if sentence.is_kept else 'false'}"
    asked = request_bytes("POST", SPEECH + query, body=body, key=server.api_key)
    try:
        with raw_connection(server.base_url, _ANSWER_TIMEOUT_S) as connection:
            connection.send(asked)
            answer = connection.head()
            if answer is None:
                return said
            said.status, said.item_id = answer.status, answer.headers.get("history-item-id", "")
            for piece in connection.pieces(answer):
                if not said.audio:
                    on_audio()
                said.audio += piece
                if len(said.audio) == len(sentence.audio):
                    said.audio_s = time.monotonic()
            said.is_whole = answer.is_whole and answer.status == 200
    except ConnectionError:
        pass
    return said


def rehearsed(server: RunningServer, count: int) -> list[Sentence]:
    """Return sentences to be kept and sentences not to be kept, in turn, each with its audio.

    raises: AssertionError where the server does not speak
    """
    sentences = []
    for number in range(count):
        text = f"This is sentence number {number}, said in the middle of a storm."
        said = say(server, Sentence(text, is_kept=False))
        assert said.is_whole, "the server does not speak before the storm"
        sentences.append(Sentence(text, is_kept=number % 3 != 2, audio=bytes(said.audio)))
    return sentences
