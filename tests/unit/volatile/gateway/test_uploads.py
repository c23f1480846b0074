"""Uploads: read as they come, a little ahead, within bounds, and held where fields come late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.forms import Form
from echoless.volatile.gateway.ports import HeldBytes
from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.routes.speech_to_speech import ROUTES
from echoless.volatile.gateway.traces import Traces
from echoless.volatile.gateway.uploads import AHEAD_BYTES, Upload, body_bytes_max, said_before_file
from tests.fakes.form_body import BOUNDARY, CONTENT_TYPE, form, in_pieces, part
from tests.fakes.gateway import gateway_config

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ENDPOINT = ENDPOINT_BY_NAME["POST /v1/speech-to-text"]


class Sender:
    """A client that sends pieces and counts how many were asked for."""

    def __init__(self, pieces: Sequence[bytes | None]) -> None:
        self.pieces = list(pieces)
        self.read_count = 0

    async def receive(self) -> dict[str, Any]:
        piece = self.pieces[self.read_count]
        self.read_count += 1
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": self.read_count < len(self.pieces)}


def upload_of(
    sender: Sender, file_bytes_max: int = 10**8, held: HeldBytes | None = None, **settings: Any
) -> Upload:
    double = SimpleNamespace(
        receive=sender.receive, settings=gateway_config(**settings), content_type=CONTENT_TYPE, endpoint=ENDPOINT,
        has_unread_body=True, services=SimpleNamespace(held=held or HeldBytes()), traces=Traces(),
    )  # fmt: skip
    return Upload(cast(Call, double), "file", file_bytes_max, lists={"keyterms"}, texts={"formats"})


async def taken(upload: Upload) -> bytes:
    reading = asyncio.create_task(upload.read())
    data = b""
    while (piece := await upload.next_piece()) is not None:
        data += piece.reveal()
        assert len(piece) <= 256 * 1024
    await reading
    return data


@given(
    data=st.binary(max_size=500).filter(lambda data: BOUNDARY.encode() not in data),
    size=st.integers(1, 700),
    is_held=st.booleans(),
)
async def test_a_file_and_its_fields_come_whole_in_any_order_and_pieces(
    data: bytes, size: int, is_held: bool
) -> None:
    body = form(
        part("a", "1"), part("keyterms", "x"), part("file", data, "f"), part("keyterms", "y"), part("b", "2")
    )
    upload = upload_of(Sender(in_pieces(body, size)))
    await upload.begin()
    assert upload.has_file
    assert upload.form.texts["a"] == "1"
    if is_held:
        await upload.hold(10**6)
        assert upload.form.texts == {"a": "1", "b": "2"}
    assert await taken(upload) == data
    assert upload.is_whole
    assert upload.form.texts == {"a": "1", "b": "2"}
    assert upload.form.lists == {"keyterms": ["x", "y"]}


async def test_the_client_waits_while_nobody_takes() -> None:
    """C17: of a large upload a few pieces are in memory."""
    sender = Sender(in_pieces(form(part("file", bytes(20 * 1024 * 1024), "f")), 64 * 1024))
    upload = upload_of(sender)
    await upload.begin()
    reading = asyncio.create_task(upload.read())
    await asyncio.sleep(0.01)
    assert sender.read_count * 64 * 1024 < AHEAD_BYTES + 3 * 64 * 1024
    assert not reading.done()
    first = await upload.next_piece()
    assert first is not None
    reading.cancel()
    await asyncio.wait([reading])


async def test_nobody_waits_once_the_answer_has_begun() -> None:
    sender = Sender(in_pieces(form(part("file", bytes(2 * 1024 * 1024), "f")), 64 * 1024))
    upload = upload_of(sender)
    await upload.begin()
    reading = asyncio.create_task(upload.read())
    await asyncio.sleep(0.01)
    upload.read_on()
    await asyncio.wait_for(reading, 5)
    assert sender.read_count == len(sender.pieces)


async def test_holding_is_bounded() -> None:
    sender = Sender(in_pieces(form(part("file", bytes(1_000_000), "f"), part("a", "1")), 10_000))
    upload = upload_of(sender)
    await upload.begin()
    await upload.hold(100_000)
    assert not upload.is_whole
    assert sender.read_count <= 13
    assert await taken(upload) == bytes(1_000_000)


async def test_all_uploads_together_are_held_within_one_bound_and_let_go() -> None:
    held = HeldBytes()
    first, second = (
        upload_of(Sender(in_pieces(form(part("file", bytes(300_000), "f")), 10_000)), held=held) for _ in range(2)
    )
    with first:
        with second:
            await first.hold(200_000)
            assert 200_000 < held.total <= 210_000
            await second.begin()
            await second.hold(200_000)
            assert held.total <= 220_000
        assert await first.next_piece() is not None
        before = held.total
    assert 0 < before <= 210_000
    assert held.total == 0


@pytest.mark.parametrize("limit", ["product", "server"])
async def test_a_file_over_a_limit_is_refused_as_soon_as_it_is(limit: str) -> None:
    sender = Sender(in_pieces(form(part("file", bytes(1_000_000), "f")), 10_000))
    bounds = {"file_bytes_max": 50_000} if limit == "product" else {"upload_bytes_max": 50_000}
    upload = upload_of(sender, **bounds)
    with pytest.raises(EcholessError) as caught:
        await upload.hold(10**7)
    assert caught.value.code is ErrorCode.FILE_TOO_LARGE
    assert sender.read_count < 10


async def test_two_files_are_one_too_many() -> None:
    upload = upload_of(Sender([form(part("file", b"a", "f"), part("file", b"b", "f"))]))
    with pytest.raises(UnprocessableError):
        await upload.hold(10**6)


async def test_a_client_that_leaves_or_sleeps_ends_the_reading() -> None:
    body = form(part("file", bytes(1000), "f"))
    with pytest.raises(ClientLeftError):
        await upload_of(Sender([body[:100], None])).hold(10**6)

    class Sleeper(Sender):
        async def receive(self) -> dict[str, Any]:
            return await super().receive() if self.read_count < 1 else await asyncio.Event().wait() or {}

    upload = upload_of(Sleeper([body[:100], b""]), upload_idle_timeout_s=0.01)
    with pytest.raises(EcholessError) as caught:
        await upload.hold(10**6)
    assert caught.value.code is ErrorCode.REQUEST_TIMEOUT


async def test_a_form_without_its_file_is_read_to_its_end() -> None:
    upload = upload_of(Sender(in_pieces(form(part("a", "1"), part("formats", "[]", "x.json")), 10)))
    await upload.begin()
    assert not upload.has_file
    assert upload.is_whole
    assert upload.form.texts == {"a": "1", "formats": "[]"}


def test_what_is_said_before_the_file_counts_even_if_it_is_absent() -> None:
    assert not said_before_file(Form(field_names={"model_id"}), {"model_id"})
    assert said_before_file(Form(field_names={"model_id", "webhook_metadata"}), {"model_id"})


def test_a_route_takes_the_smaller_of_its_own_limit_and_the_server_s() -> None:
    beside = 1024 * 1024
    assert body_bytes_max(ROUTES[0], gateway_config()) == 50 * 1024 * 1024 + beside
    assert body_bytes_max(ROUTES[0], gateway_config(upload_bytes_max=5000)) == 5000 + beside
