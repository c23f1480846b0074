"""Part of an audit: what the server's own journal says of it.

A server that met what it did not expect is not sound, whatever the searches found. The journal has places in our
code and codes of ours, and no words of anybody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from echoless.audit.options import Scene
from echoless.core.journal import Event

_ALARMING: Final = frozenset(
    {
        Event.UNEXPECTED_ERROR, Event.CONTENT_REFUSED, Event.FRAME_REFUSED, Event.TICKET_LOST, Event.BACKUP_FAILED,
        Event.ZERO_RETENTION_REFUSED_BY_HOST,
    }
)  # fmt: skip
_TELLING: Final = ("error", "module", "line", "name", "code", "kind", "reason")
_SHOWN: Final = 4


def check_journal(scene: Scene) -> None:
    """Read everything that the server has said since its start, where the audit started it."""
    if not scene.outputs:
        return
    events = [row for output in scene.outputs for row in rows(output)]
    alarming = Counter(_described(row) for row in events if row.get("event") in _ALARMING)
    shown = "; ".join(f"{count} x {what}" for what, count in alarming.most_common(_SHOWN))
    more = f" and {len(alarming) - _SHOWN} more" if len(alarming) > _SHOWN else ""
    said = f": {shown}{more}" if shown else ""
    scene.report.check(
        "nothing unexpected in its journal", bool(events) and not alarming, f"{len(events)} events{said}"
    )


def rows(output: Path) -> Iterator[dict[str, object]]:
    """Yield the events of a server's journal among whatever else is in its output."""
    for line in output.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            if isinstance(row, dict):
                yield row


def _described(row: dict[str, object]) -> str:
    where = " ".join(str(row[name]) for name in _TELLING if row.get(name))
    return f"{row.get('process', 'a process')} {row['event']} {where}".rstrip()
