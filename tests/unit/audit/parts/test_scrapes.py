"""A scrape with one series more, or with a word of a request in a label, is caught; so is one that stands still."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.parts.scrapes import Scrape, note_scrapes
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.needles import text_needles

pytestmark = pytest.mark.unit

CANARY = CanaryMint(seed=28).plain("zero/text", 40, is_kept=False)
BEFORE = b"""# HELP echoless_requests_total Requests.
echoless_requests_total{product="tts",mode="zero"} 1.0
echoless_up 1
"""
AFTER = BEFORE.replace(b"} 1.0", b"} 9.0")
WORD = CANARY.words[0].encode()


def failed(before: bytes, after: bytes) -> set[str]:
    report = AuditReport()
    note_scrapes(report, before, after, text_needles([CANARY]))
    assert len(report.checks) == 3
    assert CANARY.words[0] not in report.as_json()
    return {check.name for check in report.checks if not check.is_passed}


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        (BEFORE, AFTER, set()),
        (BEFORE, BEFORE, {"control: metrics have moved"}),
        (b"", b"", {"control: metrics have moved", "metrics: traffic adds no series"}),
        (BEFORE, AFTER + b'echoless_x{voice="a"} 1\n', {"metrics: traffic adds no series"}),
        (
            BEFORE, AFTER + b'echoless_x{voice="' + WORD + b'"} 1\n',
            {"metrics: traffic adds no series", "metrics: labels of closed sets"},
        ),
        (
            BEFORE + b'echoless_x{voice="a b"} 1\n', AFTER + b'echoless_x{voice="a b"} 1\n',
            {"metrics: labels of closed sets"},
        ),
        (BEFORE, AFTER + b"# " + WORD + b"\n", {"metrics: labels of closed sets"}),
        (BEFORE, AFTER + b"what is this\n", {"metrics: labels of closed sets"}),
    ],
)  # fmt: skip
def test_scrapes_are_judged(before: bytes, after: bytes, names: set[str]) -> None:
    assert failed(before, after) == names


def test_series_are_told_apart_by_their_labels_and_not_by_their_values() -> None:
    scrape = Scrape.of(b'a{b="1",c="2"} 3\na{b="1",c="3"} 3\nd NaN\n')
    assert scrape.series == {'a{b="1",c="2"}', 'a{b="1",c="3"}', "d{}"}
    assert (scrape.strange, scrape.requests) == (0, 0.0)
