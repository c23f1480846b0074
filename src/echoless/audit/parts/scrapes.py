"""What the server tells a scraper: counts and times under labels of closed sets, whatever was sent.

Two scrapes, one before any traffic and one after it, must have the very same series: a label that takes anything
from a request would add one.
source: the Prometheus text format, version 0.0.4
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from echoless.audit.reports.report import AuditReport
from echoless.audit.search.needles import MASK, Needle

PROVES: Final = ("C28",)
_SAMPLE: Final = re.compile(r"([a-z_]+)(?:\{(.*)\})? ([^ ]+)(?: \d+)?")
_LABEL: Final = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)')
_VALUE: Final = re.compile(r"[A-Za-z0-9_.:+-]{0,64}")
_MOVES: Final = "echoless_requests_total"


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer of `/metrics`.

    series:     each name with its labels
    strange:    how many lines are no sample, or have a label value out of its alphabet
    requests:   how many requests it counts in all
    """

    series: frozenset[str]
    strange: int
    requests: float

    @classmethod
    def of(cls, body: bytes) -> Scrape:
        """Read one; a line that is none of the format is counted."""
        series, strange, requests = set(), 0, 0.0
        for line in body.decode("utf-8", errors="replace").splitlines():
            if not line or line.startswith("#"):
                continue
            sample = _SAMPLE.fullmatch(line)
            if sample is None:
                strange += 1
                continue
            name, labels, value = sample.groups()
            series.add(f"{name}{{{labels or ''}}}")
            strange += not _are_closed(labels or "")
            requests += float(value) if name == _MOVES else 0.0
        return cls(frozenset(series), strange, requests)


def note_scrapes(
    report: AuditReport, before: bytes, after: bytes, needles: Iterable[Needle], proves: Sequence[str] = PROVES
) -> None:
    """Note whether two scrapes are as they must be; the counts must have moved, or they show nothing."""
    first, last = Scrape.of(before), Scrape.of(after)
    masked = (before + b"\n" + after).translate(MASK)
    leaked = sorted({needle.owner for needle in needles if needle.masked in masked})
    added = len(last.series - first.series)
    report.check(
        "metrics: traffic adds no series", bool(first.series) and first.series == last.series,
        f"{len(first.series)} series before, {added} more after, {len(first.series - last.series)} gone", *proves,
    )  # fmt: skip
    report.check(
        "metrics: labels of closed sets", not leaked and not last.strange,
        f"{last.strange} strange lines, {len(leaked)} canaries" + (f": {', '.join(leaked[:5])}" if leaked else ""),
        *proves,
    )  # fmt: skip
    report.check(
        "control: metrics have moved", last.requests > first.requests,
        f"{first.requests:.0f} requests before, {last.requests:.0f} after", *proves,
    )  # fmt: skip


def _are_closed(labels: str) -> bool:
    """Whether every label is written as ours are, and nothing else stands between them."""
    place = 0
    for label in _LABEL.finditer(labels):
        if label.start() != place or _VALUE.fullmatch(label.group(2)) is None:
            return False
        place = label.end()
    return place == len(labels)
