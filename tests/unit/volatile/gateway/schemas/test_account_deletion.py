"""Bodies of the end of an account."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.account_deletion import ConfirmDeletionBody, DeleteAccountBody

pytestmark = pytest.mark.unit


def test_a_password_may_be_left_out_and_not_be_empty() -> None:
    assert DeleteAccountBody.checked({}).password is None
    assert DeleteAccountBody.checked({"password": "p"}).password == "p"
    for wrong in ("", "p" * 257, 1):
        with pytest.raises(UnprocessableError):
            DeleteAccountBody.checked({"password": wrong})


@pytest.mark.parametrize("members", [{}, {"code": ""}, {"code": None}, {"code": "c" * 257}])
def test_a_code_is_a_text_of_some_length(members: dict[str, object]) -> None:
    with pytest.raises(UnprocessableError):
        ConfirmDeletionBody.checked(members)
