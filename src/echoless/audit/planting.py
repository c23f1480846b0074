"""Sends plantings and notes what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.client import Answer, AuditClient
from echoless.audit.plantings import Manner, Planting

_FIRST_BYTES: Final = 4_096
_MODE_HEADER: Final = "x-echoless-retention"
_ITEM_HEADER: Final = "history-item-id"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A generation that was answered, and the audio that came of it."""

    planting: Planting
    audio: bytes = field(repr=False)
    history_item_id: str = ""


@dataclass(slots=True)
class Planted:
    """Everything that was planted in one round.

    unexpected: plantings whose answer was not as intended, in words of ours
    """

    spoken: list[Spoken] = field(default_factory=list)
    request_count: int = 0
    unexpected: list[str] = field(default_factory=list)


def plant(
    client: AuditClient, plantings: Sequence[Planting], progress: Callable[[float], None] | None = None
) -> Planted:
    """Send every planting once.

    progress: called with the fraction that is done
    """
    planted = Planted()
    for number, planting in enumerate(plantings):
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


def _judge(planting: Planting, answer: Answer, planted: Planted) -> None:
    if answer.status not in planting.statuses:
        planted.unexpected.append(f"{planting.name}: status {answer.status} instead of {planting.statuses}")
        return
    if planting.text is None:
        return
    mode, item = answer.headers.get(_MODE_HEADER, ""), answer.headers.get(_ITEM_HEADER, "")
    if (mode, bool(item)) != (("default", True) if planting.is_kept else ("zero", False)):
        planted.unexpected.append(
            f"{planting.name}: mode {mode or 'not said'}, item id {'given' if item else 'none'}"
        )
        return
    planted.spoken.append(Spoken(planting, planting.audio_of(answer.body), item))
