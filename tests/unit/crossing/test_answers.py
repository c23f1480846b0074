"""An answer is the record that was asked for, or an error that says why it is not."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.answers import told
from echoless.crossing.operator_records import KeptFound
from echoless.crossing.query_records import Done
from echoless.crossing.records import Refused

pytestmark = pytest.mark.unit


def test_what_was_asked_for_is_returned() -> None:
    answer = KeptFound(1, 2)
    assert told(answer, KeptFound) is answer


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (Refused(ErrorCode.BACKUP.value, "A backup is under way already.", "p"), ErrorCode.BACKUP, "A backup is"),
        (Refused("a code of tomorrow", "no"), ErrorCode.INTERNAL_ERROR, "no"),
        (Done(), ErrorCode.CROSSING_BROKEN, "to another question"),
    ],
)
def test_a_refusal_and_another_record_are_errors_with_their_reason(
    answer: Done | Refused, code: ErrorCode, message: str
) -> None:
    with pytest.raises(EcholessError, match=message) as caught:
        told(answer, KeptFound)
    assert caught.value.code is code
