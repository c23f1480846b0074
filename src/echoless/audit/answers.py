"""What answers say: nothing of any other request, in their headers nothing at all, and in an error nothing either.

Every answer to a planting is listened to, of sockets every message. What a client may be told is what it has just
said itself, in the body of an answer that went well: characters with their times, say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.client import Answer
from echoless.audit.planting import Planting
from echoless.audit.reports.report import AuditReport, Searched
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import text_needles

PROVES: Final = ("C26",)
_HEADER: Final = "header of an answer"
_ERROR: Final = "body of an error"
_OTHER: Final = "answer to another request"
_SHOWN: Final = 3


class AnswerWatch:
    """Listens; prints no words.

    canaries: all that must be nowhere are listened for, before or after they are planted
    sent_by:  everything that a planting sends
    """

    def __init__(self, canaries: Sequence[Canary], sent_by: Callable[[Planting], bytes]) -> None:
        self._canaries = [canary for canary in canaries if not canary.is_kept]
        needles = text_needles(self._canaries)
        self._finder = Finder(needles) if needles else None
        self._sent_by = sent_by
        self.hits: list[tuple[str, str, str]] = []
        self.answer_count = 0
        self.byte_count = 0

    def hear(self, planting: Planting, answer: Answer) -> None:
        """Listen to one answer."""
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
        self.answer_count += 1
        self.byte_count += len(head) + len(answer.body)
        self.hits += [(_HEADER, kind, owner) for kind, owner in self._found(head)]
        found = self._found(answer.body)
        # On a socket an error can come after some of its own words were answered well.
        if answer.status >= 400 and not planting.is_socket:
            self.hits += [(_ERROR, kind, owner) for kind, owner in found]
        elif found:
            sent = self._sent_by(planting)
            own = {canary.name for canary in self._canaries if canary.words[0].encode() in sent}
            self.hits += [(_OTHER, kind, owner) for kind, owner in found if owner not in own]

    def note(self, report: AuditReport, name: str) -> None:
        """Note what was heard."""
        places = sorted({f"{owner} in the {where}" for where, _, owner in self.hits})
        report.add_findings(self.hits)
        report.searched.append(
            Searched(name, "answers", self.answer_count, self.byte_count, len(self.hits), 0, 0.0)
        )
        report.check(
            name, not self.hits,
            f"{self.answer_count} answers, {self.byte_count} bytes"
            + (f": {', '.join(places[:_SHOWN])}" if places else ""), *PROVES,
        )  # fmt: skip

    def _found(self, data: bytes) -> list[tuple[str, str]]:
        if self._finder is None:
            return []
        return [(needle.kind, needle.owner) for _, needle in self._finder.find(mask(data), len(data))]
