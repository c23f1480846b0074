"""(7) What the debug log holds of a DEFAULT request: what was asked for, with its content, and how it ended.

Called with tickets that may take content only; of a request that was answered as a ZERO one nothing comes here.
"""

from __future__ import annotations

from typing import Final

from echoless.crossing.records import CloseTicket
from echoless.vault.intake.tickets import Ticket
from echoless.vault.stores.drafts import ItemDraft
from echoless.vault.stores.log_entries import TEXT_CHARACTERS_MAX, LogContent
from echoless.vault.stores.segments import Part

_TRANSCRIPT_BYTES_MAX: Final = TEXT_CHARACTERS_MAX
Parameters = dict[str, str | int | float | bool | None]


def debug_content(ticket: Ticket, record: CloseTicket) -> LogContent | None:
    """Return what the debug log holds of a request, or None where there is nothing to say.

    A socket that only carried contexts, each of which has an entry of its own, says nothing.
    """
    draft = ticket.draft
    assert draft is not None, "only tickets that may take content have an entry"
    has_content = draft.text is not None or any(track.size_bytes for track in draft.tracks.values())
    if not has_content and not record.error_code and not ticket.characters:
        return None
    text = _text_of(draft)
    transcript = bytes(draft.tracks[Part.TRANSCRIPT].pending[:_TRANSCRIPT_BYTES_MAX])
    lines, are_cut = _lines_of(draft)
    given = draft.text
    return LogContent(
        endpoint=ticket.endpoint.name, key_id=ticket.caller.key_id, model_id=ticket.model_id,
        voice_id=ticket.voice.voice_id if ticket.voice is not None else "",
        parameters=_parameters(ticket, draft, record), text=text[:TEXT_CHARACTERS_MAX], dialogue=lines,
        previous_text=_cut(given.previous_text) if given is not None else None,
        next_text=_cut(given.next_text) if given is not None else None,
        transcript=transcript.decode("utf-8", "replace"),
        is_cut=are_cut or len(text) > TEXT_CHARACTERS_MAX or draft.size_bytes(Part.TRANSCRIPT) > len(transcript),
    )  # fmt: skip


def _parameters(ticket: Ticket, draft: ItemDraft, record: CloseTicket) -> Parameters:
    counts: Parameters = {
        "status": record.status.value, "http_status": record.http_status, "characters": ticket.characters,
        "output_format": ticket.output_format, "audio_ms": record.audio_ms, "audio_bytes": record.audio_bytes,
        "duration_ms": record.duration_ms, "input_bytes": draft.size_bytes(Part.INPUT),
        "input_media_type": draft.input_media_type,
    }  # fmt: skip
    if draft.text is None:
        return counts
    settings: Parameters = {f"settings.{name}": value for name, value in draft.text.settings.items()}
    return counts | settings | {"seed": draft.text.seed, "language_code": draft.text.language_code}


def _text_of(draft: ItemDraft) -> str:
    first = draft.text.text if draft.text is not None and not draft.text.dialogue else ""
    missing = max(0, TEXT_CHARACTERS_MAX + 1 - len(first))
    return first + "".join(draft.more_text)[:missing] if missing else first


def _lines_of(draft: ItemDraft) -> tuple[list[str], bool]:
    """Return the lines of a dialogue within the bound, and whether some were left out."""
    lines: list[str] = []
    room = TEXT_CHARACTERS_MAX
    for line in draft.text.dialogue if draft.text is not None else ():
        if len(line.text) > room:
            return lines, True
        lines.append(line.text)
        room -= len(line.text)
    return lines, False


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:TEXT_CHARACTERS_MAX]
