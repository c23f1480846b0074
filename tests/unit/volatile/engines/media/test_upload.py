"""One window of an upload at a time."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.media.upload import Upload

pytestmark = pytest.mark.unit

WINDOW_BYTES = 1000


def opened(later: list[bytes | None] | None = None) -> tuple[Upload, list[int]]:
    """An upload whose next pieces arrive while it waits, None for the end; and the credits that it gave."""
    arriving = list(later or [])
    credits: list[int] = []

    def wait() -> None:
        piece = arriving.pop(0)
        upload.end() if piece is None else upload.add(piece)

    upload = Upload(wait, credits.append, window_bytes=WINDOW_BYTES)
    return upload, credits


def test_bytes_are_read_in_order_and_waited_for() -> None:
    upload, _ = opened([b"def", b"", b"gh", None])
    upload.add(b"abc")
    assert [upload.read(2) for _ in range(6)] == [b"ab", b"c", b"de", b"f", b"gh", b""]
    assert upload.read(2) == b""


def test_what_was_read_is_credited_and_nothing_more() -> None:
    """C17: an upload of any size is in memory by one window at a time."""
    upload, credits = opened()
    for _ in range(20):
        upload.add(bytes(WINDOW_BYTES))
        while sum(credits) % WINDOW_BYTES or not credits:
            upload.read(300)
        assert credits.pop() <= WINDOW_BYTES
        credits.clear()


def test_more_than_the_window_holds_breaks_the_link() -> None:
    upload, _ = opened()
    upload.add(bytes(WINDOW_BYTES))
    with pytest.raises(EcholessError) as refused:
        upload.add(b"x")
    assert refused.value.code is ErrorCode.CROSSING_BROKEN


def test_bytes_after_the_end_break_the_link() -> None:
    upload, _ = opened()
    upload.end()
    with pytest.raises(EcholessError) as refused:
        upload.add(b"x")
    assert refused.value.code is ErrorCode.CROSSING_BROKEN


def test_a_closed_upload_holds_nothing() -> None:
    upload, _ = opened([None])
    upload.add(b"abc")
    upload.close()
    assert upload.read(10) == b""
