"""A server that cannot be audited is told from one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.audit.options import RunningServer
from echoless.audit.welcome import expect_welcome
from echoless.core.errors import EcholessError, ErrorCode
from tests.unit.audit.conftest import Reply, Stub

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ((401, {}, b"{}"), ErrorCode.MISSING_PERMISSIONS),
        ((200, {}, b'{"permitted": false}'), ErrorCode.ZERO_RETENTION_NOT_PERMITTED),
        ((200, {}, b"<html>"), ErrorCode.NOT_FOUND),
        ((200, {}, b"[]"), ErrorCode.NOT_FOUND),
    ],
)
def test_who_is_not_welcome_is_told_why(stub: Stub, reply: Reply, code: ErrorCode) -> None:
    stub.reply = lambda *_: reply
    with pytest.raises(EcholessError) as refused:
        expect_welcome(RunningServer(stub.url, Path(), "k", is_remote=True))
    assert refused.value.code is code


def test_a_server_that_is_not_there_is_not_found() -> None:
    with pytest.raises(EcholessError, match="cannot be reached"):
        expect_welcome(RunningServer("http://127.0.0.1:9", Path(), "k", is_remote=True))


def test_who_may_have_zero_retention_is_welcome(stub: Stub) -> None:
    stub.reply = lambda *_: (200, {}, b'{"permitted": true}')
    expect_welcome(RunningServer(stub.url, Path(), "k", is_remote=True))
    assert [asked[:2] for asked in stub.asked] == [("GET", "/v1/workspace/zero-retention")]
