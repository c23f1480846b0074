"""Statuses and bodies of errors."""

from __future__ import annotations

import json

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import RequestRefusedError
from echoless.crossing.records import Refused
from echoless.volatile.gateway.problems import FieldError, UnprocessableError, misplaced_switch, problem_for

pytestmark = pytest.mark.unit
OURS = {
    ErrorCode.INTERNAL_ERROR, ErrorCode.CONTENT_REFUSED, ErrorCode.UNKNOWN_TICKET, ErrorCode.CROSSING_BROKEN,
    ErrorCode.CONFIGURATION, ErrorCode.DATA_DIRECTORY, ErrorCode.BACKUP,
    # Said in frames of sockets only.
    ErrorCode.INVALID_MESSAGE, ErrorCode.INPUT_TIMEOUT_EXCEEDED, ErrorCode.MODEL_NOT_SUPPORTED,
    ErrorCode.MAX_ACTIVE_CONVERSATIONS,
}  # fmt: skip


@pytest.mark.parametrize("code", ErrorCode)
def test_each_code_has_a_status_and_both_spellings(code: ErrorCode) -> None:
    problem = problem_for(EcholessError(code, "words", param="field"), "r-1")
    detail = json.loads(problem.body)["detail"]
    assert detail["code"] == detail["status"] == problem.code
    assert (detail["request_id"], detail["param"]) == ("r-1", "field")
    assert (problem.status == 500) == (code in OURS)
    assert problem.code == ("internal_error" if code in OURS else code)
    # Clients send again on 408, 409, 429 and from 500: only where that may help.
    assert (problem.retry_after_s > 0) == (problem.status in {429, 503})


@pytest.mark.parametrize("code", [code for code in ErrorCode if code.value.startswith("zero_retention")])
def test_refusal_by_policy_is_never_sent_again_by_clients(code: ErrorCode) -> None:
    assert problem_for(EcholessError(code, "words"), "r").status in {400, 403}


@pytest.mark.claim("Z14")
def test_fault_of_ours_says_no_details() -> None:
    problem = problem_for(EcholessError(ErrorCode.CROSSING_BROKEN, "inner words"), "r")
    assert b"inner" not in problem.body


def test_refusal_of_the_vault_keeps_its_time_to_come_again() -> None:
    refused = Refused(code="concurrent_limit_exceeded", message="Busy.", retry_after_s=7)
    assert problem_for(RequestRefusedError(refused), "r").retry_after_s == 7
    assert problem_for(RequestRefusedError(Refused(code="unheard_of", message="x")), "r").status == 500


def test_fields_have_the_frameworks_shape() -> None:
    problem = problem_for(UnprocessableError([FieldError(("body", "seed"), "Wrong.", "int_type")]), "r")
    assert problem.status == 422
    assert json.loads(problem.body) == {"detail": [{"loc": ["body", "seed"], "msg": "Wrong.", "type": "int_type"}]}


def test_misplaced_switch_names_the_right_place() -> None:
    (field,) = misplaced_switch().fields
    assert field.location == ("query", "enable_logging")
    assert "enable_logging" in field.message
