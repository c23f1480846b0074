"""The operator's audit gets its report's digest signed; a verdict that does not fit its numbers is refused."""

from __future__ import annotations

import base64

import pytest

from echoless.audit.reports.report import AuditMode
from echoless.core.errors import ErrorCode
from echoless.crossing.audit_records import AuditSigned, GetLastAudit, LastAudit, SignAudit
from echoless.crossing.records import Refused
from echoless.receipts.audit_statement import check_audit
from echoless.vault.service.vault import Vault

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DIGEST = "0f" * 32


@pytest.mark.parametrize("mode", [mode.value for mode in AuditMode])
async def test_a_report_of_any_mode_is_signed_entered_and_remembered(vault: Vault, mode: str) -> None:
    assert await vault.operate(GetLastAudit()) == LastAudit(0, False, "", 0)
    answer = await vault.operate(SignAudit(DIGEST, is_passed=False, mode=mode, check_count=3, failed_count=1))
    assert isinstance(answer, AuditSigned)
    inclusion = {
        "index": answer.index, "checkpoint": answer.checkpoint,
        "proof": [base64.b64encode(part).decode() for part in answer.proof],
    }  # fmt: skip
    keys = {"keys": answer.receipt_keys, "log_key": answer.log_key}
    checked = check_audit({"signed": answer.signed, "inclusion": inclusion}, keys, DIGEST)
    assert (checked.statement.verdict, checked.statement.mode) == ("failed", mode)
    assert len(checked.statement.build_hash) == 64
    last = await vault.operate(GetLastAudit())
    assert last == LastAudit(checked.statement.minute_unix, False, mode, 1)


@pytest.mark.parametrize(
    ("is_passed", "mode", "check_count", "failed_count"),
    [(True, "own", 3, 1), (True, "own", 0, 0), (False, "own", 3, 0), (False, "own", 1, 2), (True, "other", 1, 0)],
)
async def test_a_verdict_that_does_not_fit_its_numbers_is_refused(
    vault: Vault, is_passed: bool, mode: str, check_count: int, failed_count: int
) -> None:
    answer = await vault.operate(SignAudit(DIGEST, is_passed, mode, check_count, failed_count))
    assert isinstance(answer, Refused)
    assert answer.code == ErrorCode.INVALID_PARAMETERS.value
    assert await vault.operate(GetLastAudit()) == LastAudit(0, False, "", 0)
