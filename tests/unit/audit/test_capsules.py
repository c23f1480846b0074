"""Capsules are taken out of answers, opened and searched for; one that shows nothing is noticed."""

from __future__ import annotations

import json

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.capsules import Capsules
from echoless.audit.client import Answer, AuditClient
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import text_needles
from echoless.core.errors import EcholessError
from echoless.receipts.capsule import seal
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit

CANARY = CanaryMint(seed=35).plain("zero/text", 60, is_kept=False)
NEEDLES = text_needles([CANARY])
STRANGER = "age16swwytu82a863jddvawkwqdeftjjpgk0e26q3m06jfk68jx63ussf7pxxa"


@pytest.fixture
def named(stub: Stub) -> tuple[Capsules, str]:
    """Capsules with their key as a server was told it."""
    stub.reply = lambda *_: (200, {}, b"{}")
    capsules = Capsules()
    with AuditClient(stub.url, "k") as client:
        capsules.name_key(client)
    ((method, path, body, _),) = stub.asked
    assert (method, path) == ("PATCH", "/v1/workspace/zero-retention")
    return capsules, json.loads(body)["capsule_key"]


def over_http(capsule: str) -> Answer:
    return Answer(500, {}, json.dumps({"detail": {"code": "internal_error", "capsule": capsule}}).encode())


def by_socket(capsule: str) -> Answer:
    said = b'{"audio": "AAAA"}\n' + json.dumps({"error": "internal_error", "capsule": capsule}).encode()
    return Answer(1011, {}, said + b"\nnot json\n[1]")


def test_capsules_of_http_and_of_sockets_are_opened_and_searched_for(named: tuple[Capsules, str]) -> None:
    capsules, key = named
    sealed = [seal(f"{number} {CANARY.text}".encode() * 40, key) for number in range(2)]
    capsules.take([over_http(sealed[0]), Answer(200, {}, b"\0audio"), by_socket(sealed[1]), Answer(401, {}, b"{}")])
    report = AuditReport()
    capsules.check(report, NEEDLES, "C26")
    (check,) = report.checks
    assert (check.is_passed, check.is_control, check.proves) == (True, True, ("C26",))
    assert check.detail == "2 capsules, 2 opened, 2 hold planted words"
    for number, capsule in enumerate(sealed):
        haystack = f"in some memory {capsule}".encode()
        found = {needle.owner for _, needle in Finder(capsules.needles()).find(mask(haystack), len(haystack))}
        assert found == {f"zero/capsule {number}"}
    assert sealed[0][:200] not in repr(capsules)


@pytest.mark.parametrize("case", ["none", "to a stranger", "empty words"])
def test_what_shows_nothing_is_noticed(named: tuple[Capsules, str], case: str) -> None:
    capsules, key = named
    taken = {
        "none": [],
        "to a stranger": [over_http(seal(CANARY.text.encode(), key)), over_http(seal(b"x", STRANGER))],
        "empty words": [over_http(seal(b"nothing of note", key))],
    }  # fmt: skip
    capsules.take(taken[case])
    report = AuditReport()
    capsules.check(report, NEEDLES)
    assert not report.is_passed


def test_a_key_that_is_not_taken_is_said(stub: Stub) -> None:
    stub.reply = lambda *_: (403, {}, b"{}")
    with AuditClient(stub.url, "k") as client, pytest.raises(EcholessError, match="answered 403"):
        Capsules().name_key(client)
