"""The controls pass where every change is noticed, and fail where one is not."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.audit.parts import proof_tampering
from echoless.audit.parts.asking import Asking
from echoless.audit.parts.proof_tampering import check_tampering
from echoless.core.errors import EcholessError
from echoless.receipts.proof import CheckedReceipt, check_receipt
from tests.unit.audit.conftest import Stub
from tests.unit.audit.parts.test_asking import scene_of
from tests.unit.audit.parts.test_proof import Prover
from tests.unit.receipts.test_proof import KEYS, answer

pytestmark = pytest.mark.unit


def _results(stub: Stub) -> list[bool]:
    files = Prover(entries=[b"before", b"it", b"after"])._files()
    scene = scene_of(stub)
    with Asking(scene) as asking:
        check_tampering(asking, answer(), KEYS, files["checkpoint"].decode(), files.get)
    return [check.is_passed for check in scene.report.checks]


def test_every_change_is_noticed(stub: Stub) -> None:
    assert _results(stub) == [True, True]


def test_a_check_that_lets_a_change_pass_fails_the_control(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(told: Any, keys: Any) -> CheckedReceipt:
        """Believe every signature."""
        try:
            return check_receipt(told, keys)
        except EcholessError:
            return check_receipt(answer(), KEYS)

    monkeypatch.setattr(proof_tampering, "check_receipt", blind)
    assert _results(stub) == [False, True]
