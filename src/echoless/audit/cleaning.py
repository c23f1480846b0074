"""Takes away what an audit left in a history that others read: by the ids that it was told, and by its own words.

The words catch what nobody named: items of sockets, and those of a server that keeps what it should not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from echoless.audit.client import AuditClient

_HISTORY: Final = "/v1/history"
_TRANSCRIPTS: Final = "/v1/speech-to-text/transcripts"
_PAGE: Final = 1_000
_PAGES_MAX: Final = 5
_GONE: Final = frozenset({200, 204, 404})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was taken away.

    left: things that are still there
    """

    count: int
    left: int


def clean_history(client: AuditClient, items: Iterable[str], transcripts: Iterable[str], anchor: str) -> Cleaned:
    """Delete items and transcripts, then look whether any word of this audit is in the newest pages of the history.

    items, transcripts: ids that the server named
    anchor:             the beginning of every word of this audit
    """
    paths = {f"{_HISTORY}/{quote(item)}" for item in items}
    paths |= {f"{_TRANSCRIPTS}/{quote(name)}" for name in transcripts}
    paths |= {f"{_HISTORY}/{quote(item)}" for item in _with_words(client, anchor)}
    left = sum(client.request("DELETE", path).status not in _GONE for path in sorted(paths))
    return Cleaned(len(paths), left + len(_with_words(client, anchor)))


def _with_words(client: AuditClient, anchor: str) -> list[str]:
    """Return the items of the newest pages that hold a word of this audit."""
    found: list[str] = []
    after = ""
    for _ in range(_PAGES_MAX):
        answer = client.request("GET", f"{_HISTORY}?page_size={_PAGE}{after}")
        page = json.loads(answer.body) if answer.status == 200 else {"history": []}
        rows = page["history"]
        found += [str(row["history_item_id"]) for row in rows if anchor in json.dumps(row)]
        if not page.get("has_more") or not rows:
            break
        after = f"&start_after_history_item_id={quote(str(rows[-1]['history_item_id']))}"
    return found
