"""What the vault counts: closed keys, there from the beginning."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.records import CloseStatus, CloseTicket
from echoless.retention.decision import RetentionMode
from echoless.retention.endpoints import Product
from echoless.vault.intake.tally import CODE_CLASSES, DURATION_BOUNDS_S, Tally, code_class_of

pytestmark = pytest.mark.unit
SPEECH, ZERO, DEFAULT = Product.TEXT_TO_SPEECH, RetentionMode.ZERO, RetentionMode.DEFAULT


def ending(status: CloseStatus, code: int) -> CloseTicket:
    return CloseTicket(status=status, http_status=code, error_code="", audio_ms=0, audio_bytes=0, duration_ms=0)


@pytest.mark.parametrize(
    ("status", "code", "code_class"),
    [
        (CloseStatus.DONE, 200, "2xx"),
        (CloseStatus.DONE, 204, "2xx"),
        (CloseStatus.REFUSED, 302, "3xx"),
        (CloseStatus.REFUSED, 404, "4xx"),
        (CloseStatus.FAILED, 503, "5xx"),
        # An answer that broke off after its head, and one of which nobody said anything.
        (CloseStatus.FAILED, 200, "5xx"),
        (CloseStatus.FAILED, 0, "5xx"),
        (CloseStatus.CLIENT_LEFT, 200, "client_left"),
        (CloseStatus.DONE, 1000, "2xx"),
        (CloseStatus.REFUSED, 1008, "4xx"),
        (CloseStatus.FAILED, 1011, "5xx"),
        (CloseStatus.REFUSED, 65535, "4xx"),
    ],
)
def test_every_end_has_one_class(status: CloseStatus, code: int, code_class: str) -> None:
    assert code_class_of(ending(status, code)) == code_class
    assert code_class in CODE_CLASSES


def test_a_request_is_counted_once_with_its_time() -> None:
    tally = Tally()
    tally.closed(SPEECH, ZERO, ending(CloseStatus.DONE, 200), 0.03)
    assert tally.requests[SPEECH, ZERO, "2xx"] == sum(tally.requests.values()) == 1
    durations = tally.durations[SPEECH, ZERO]
    assert durations.sum_s == 0.03
    assert durations.counts[DURATION_BOUNDS_S.index(0.05)] == sum(durations.counts) == 1


def test_a_bound_is_in_its_own_bucket_and_what_is_longer_than_all_in_the_last() -> None:
    tally = Tally()
    for duration_s in (0.005, 61.0):
        tally.closed(SPEECH, DEFAULT, ending(CloseStatus.DONE, 200), duration_s)
    counts = tally.durations[SPEECH, DEFAULT].counts
    assert (counts[0], counts[-1]) == (1, 1)


@pytest.mark.parametrize(
    ("code", "code_class"), [("invalid_api_key", "4xx"), ("quota_exceeded", "4xx"), ("engine_unavailable", "5xx")]
)
def test_a_request_without_a_ticket_is_counted_without_a_time(code: str, code_class: str) -> None:
    tally = Tally()
    tally.refused(SPEECH, DEFAULT, code)
    assert tally.requests[SPEECH, DEFAULT, code_class] == 1
    assert not any(sum(durations.counts) for durations in tally.durations.values())


def test_a_code_that_nobody_knows_makes_no_new_key() -> None:
    tally = Tally()
    before = set(tally.refusals)
    tally.answered_no("my secret text")
    tally.answered_no(ErrorCode.QUOTA_EXCEEDED.value)
    assert set(tally.refusals) == before
    assert (tally.refusals["other"], tally.refusals["quota_exceeded"]) == (1, 1)
