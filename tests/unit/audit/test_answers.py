"""An answer that went well may say again what was just asked; nothing else, and headers say nothing. (C26)"""

from __future__ import annotations

import json

import pytest

from echoless.audit.answers import AnswerWatch
from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import Answer, AuditClient
from echoless.audit.planting import Planting
from echoless.audit.plantings.catalogue import sent_by
from echoless.audit.reports.report import AuditReport
from echoless.audit.sending import Planted, plant
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit

MINT = CanaryMint(seed=26)
OWN = MINT.plain("zero/own/text", 40, is_kept=False)
OTHER = MINT.plain("zero/other/text", 40, is_kept=False)
KEPT = MINT.plain("kept/text", 40, is_kept=True)
ASKED = Planting("zero/own", False, "POST", "/speak", {"text": OWN.text}, statuses=(200, 422))


def _heard(status: int, headers: dict[str, str], body: bytes) -> tuple[bool, list[tuple[str, str]]]:
    watch, report = AnswerWatch(MINT.canaries, sent_by), AuditReport()
    watch.hear(ASKED, Answer(status, headers, body))
    watch.note(report, "answers")
    assert not any(word in report.as_json() for word in (*OWN.words, *OTHER.words))
    return report.is_passed, [(finding.where, finding.canary) for finding in report.findings]


@pytest.mark.parametrize("body", [OWN.text.encode(), json.dumps(list(OWN.text)).encode(), KEPT.text.encode(), b""])
def test_what_was_just_said_may_be_said_again(body: bytes) -> None:
    assert _heard(200, {"request-id": "r"}, body) == (True, [])


@pytest.mark.parametrize("found", [OWN, OTHER])
def test_a_header_says_nothing_of_any_request(found: Canary) -> None:
    assert _heard(200, {"x-note": found.words[0]}, b"") == (False, [("header of an answer", found.name)])


@pytest.mark.parametrize("found", [OWN, OTHER])
def test_an_error_says_nothing_not_even_of_its_own_request(found: Canary) -> None:
    is_passed, where = _heard(422, {}, b'{"detail": "' + found.words[0].encode() + b'"}')
    assert (is_passed, where) == (False, [("body of an error", found.name)])


def test_an_answer_says_nothing_of_another_request() -> None:
    assert _heard(200, {}, OTHER.words[0].encode()) == (False, [("answer to another request", OTHER.name)])


def test_every_answer_to_a_planting_is_listened_to(stub: Stub) -> None:
    stub.reply = lambda *_: (422, {}, OTHER.text.encode())
    watch = AnswerWatch(MINT.canaries, sent_by)
    with AuditClient(stub.url, "k") as client:
        plant(client, [ASKED], planted=Planted(hear=watch.hear))
    assert watch.answer_count == 1
    assert {owner for _, _, owner in watch.hits} == {OTHER.name}
