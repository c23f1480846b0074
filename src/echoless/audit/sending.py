"""Sends plantings and notes what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.client import Answer, AuditClient
from echoless.audit.planting import Manner, Planting, Script
from echoless.audit.socket_client import AuditSocket, SocketRefusedError

_FIRST_BYTES: Final = 4_096
_MODE_HEADER: Final = "x-echoless-retention"
_ITEM_HEADER: Final = "history-item-id"
_TRANSCRIPT_HEADER: Final = "x-echoless-transcription-id"
_REQUEST_HEADER: Final = "request-id"
_SOCKET_STAYS: Final = 101


@dataclass(frozen=True, slots=True)
class Spoken:
    """A generation that was answered, and the audio that came of it.

    history_item_id: empty where the answer does not name it, as on a socket
    """

    planting: Planting
    audio: bytes = field(repr=False)
    history_item_id: str = ""
    request_id: str = ""
    transcript: str = field(default="", repr=False)


@dataclass(slots=True)
class Planted:
    """Everything that was planted in one round.

    unexpected:   plantings whose answer was not as intended, in words of ours
    open_sockets: still open, idle; whoever planted closes them
    hear:         takes each answer as it comes
    items:        ids of what was kept of it, meant so or not
    transcripts:  the same, of recordings that were understood
    """

    spoken: list[Spoken] = field(default_factory=list)
    request_count: int = 0
    unexpected: list[str] = field(default_factory=list)
    open_sockets: list[AuditSocket] = field(default_factory=list)
    hear: Callable[[Planting, Answer], None] | None = None
    items: set[str] = field(default_factory=set)
    transcripts: set[str] = field(default_factory=set)

    def close_sockets(self) -> None:
        """Close what is still open."""
        for opened in self.open_sockets:
            opened.close()
        self.open_sockets.clear()


def plant(
    client: AuditClient,
    plantings: Sequence[Planting],
    progress: Callable[[float], None] | None = None,
    planted: Planted | None = None,
) -> Planted:
    """Send every planting once.

    progress: called with the fraction that is done
    planted:  takes what comes of it, so that it is known even if this ends in the middle
    """
    planted = planted if planted is not None else Planted()
    for number, planting in enumerate(plantings):
        if isinstance(planting.body, Script):
            _plant_socket(client, planting, planting.body, planted)
        else:
            _plant_one(client, planting, planted)
        planted.request_count += 1
        if progress is not None:
            progress((number + 1) / len(plantings))
    return planted


def _plant_one(client: AuditClient, planting: Planting, planted: Planted) -> None:
    match planting.manner:
        case Manner.WHOLE:
            answer = client.request(planting.method, planting.path, planting.body, planting.headers)
            _judge(planting, answer, planted)
        case Manner.CANCELLED:
            stream = client.open_stream(planting.path, planting.body)
            began = stream.status == 200 and bool(stream.read(_FIRST_BYTES))
            stream.close()
            if not began:
                planted.unexpected.append(f"{planting.name}: status {stream.status} instead of a stream")
        case Manner.LEFT_WHILE_SENDING:
            client.leave_while_sending(planting.path, planting.body)
        case Manner.HELD_OPEN | Manner.CLOSED_BY_CLIENT:
            raise AssertionError("only a socket stays open, or is closed by a client")


def _plant_socket(client: AuditClient, planting: Planting, script: Script, planted: Planted) -> None:
    """Say a script, and end as the planting says. A handshake that is refused counts as its status."""
    try:
        opened = client.open_socket(planting.path, planting.headers)
    except SocketRefusedError as refusal:
        _judge(planting, Answer(refusal.status, {}, b""), planted)
        return
    opened.say(*script.frames)
    try:
        status = _ended(opened, planting.manner, script.awaits)
    except TimeoutError:
        opened.vanish()
        planted.unexpected.append(f"{planting.name}: no answer in time")
        return
    if planting.manner is Manner.HELD_OPEN:
        planted.open_sockets.append(opened)
    _judge(planting, Answer(status, opened.headers, b"\n".join(opened.messages)), planted)


def _ended(opened: AuditSocket, manner: Manner, awaits: bytes) -> int:
    """Listen, and leave as told; return the code of the close, or 101 where the socket was left without one."""
    match manner:
        case Manner.WHOLE:
            return opened.hear_to_the_close()
        case Manner.CLOSED_BY_CLIENT:
            opened.hear_until_quiet(awaits)
            opened.close()
            return opened.hear_to_the_close()
        case Manner.HELD_OPEN:
            opened.hear_until_quiet(awaits)
        case Manner.CANCELLED:
            opened.hear_first()
            opened.vanish()
        case Manner.LEFT_WHILE_SENDING:
            opened.vanish()
    return _SOCKET_STAYS


def _note_kept(planting: Planting, answer: Answer, planted: Planted) -> None:
    """Remember what was kept, whatever was meant, so that it can be taken away."""
    if answer.headers.get(_ITEM_HEADER):
        planted.items.add(answer.headers[_ITEM_HEADER])
    transcript = answer.headers.get(_TRANSCRIPT_HEADER, "")
    if not transcript and planting.item_of is not None and answer.status == 200:
        transcript = planting.item_of(answer.body)
    if transcript:
        planted.transcripts.add(transcript)


def _judge(planting: Planting, answer: Answer, planted: Planted) -> None:
    if planted.hear is not None:
        planted.hear(planting, answer)
    _note_kept(planting, answer, planted)
    if answer.status not in planting.statuses:
        planted.unexpected.append(f"{planting.name}: status {answer.status} instead of {planting.statuses}")
        return
    if not planting.is_answered:
        return
    mode = answer.headers.get(_MODE_HEADER, "")
    item = answer.headers.get(_ITEM_HEADER, "") or answer.headers.get(_TRANSCRIPT_HEADER, "")
    if planting.item_of is not None:
        item = item or planting.item_of(answer.body)
    # A socket answers its handshake before there is an item.
    has_item = planting.is_kept and not planting.is_socket
    if (mode, bool(item)) != ("default" if planting.is_kept else "zero", has_item):
        planted.unexpected.append(
            f"{planting.name}: mode {mode or 'not said'}, item id {'given' if item else 'none'}"
        )
        return
    request_id = answer.headers.get(_REQUEST_HEADER, "")
    transcript = planting.transcript_of(answer.body) if planting.transcript_of is not None else ""
    audio = planting.audio_of(answer.body) if planting.output_format else b""
    planted.spoken.append(Spoken(planting, audio, item, request_id, transcript))
