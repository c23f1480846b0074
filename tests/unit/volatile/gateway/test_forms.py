"""Multipart bodies: in pieces of any size, within bounds, and never a file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.forms import Form, read_form
from echoless.volatile.gateway.problems import UnprocessableError
from tests.fakes.gateway import gateway_config

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
# The switch in full-width letters.
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "enable_logging")
BOUNDARY = "a-boundary"
TYPE = f'multipart/form-data; boundary="{BOUNDARY}"'
ENDPOINT = ENDPOINT_BY_NAME["POST /v1/pronunciation-dictionaries/add-from-file"]


def part(name: str, data: bytes, file_name: str | None = None) -> bytes:
    named = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def whole(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def call_with(
    pieces: Sequence[bytes],
    content_type: str = TYPE,
    *,
    leaves: bool = False,
    sleeps: bool = False,
    **settings: Any,
) -> Call:
    sent: Iterator[bytes] = iter(pieces)
    left = len(pieces)

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        piece = next(sent, None)
        if sleeps:
            await asyncio.Event().wait()
        if piece is None or (leaves and not left):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": left > 0}

    double = SimpleNamespace(
        receive=receive, settings=gateway_config(**settings), content_type=content_type, endpoint=ENDPOINT,
        has_unread_body=True,
    )  # fmt: skip
    return cast(Call, double)


async def read(data: bytes, piece_bytes: int = 5, **more: Any) -> tuple[Form, bytes]:
    taken: list[bytes] = []
    pieces = [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)] or [b""]
    call = call_with(pieces, **more)
    form = await read_form(call, {"file": taken.append})
    assert not call.has_unread_body
    return form, b"".join(taken)


@given(data=st.binary(max_size=300).filter(lambda data: BOUNDARY.encode() not in data), size=st.integers(1, 400))
async def test_files_and_fields_come_whole_in_pieces_of_any_size(data: bytes, size: int) -> None:
    body = whole(part("name", "möre".encode()), part("file", data, "upload"), part("other", b"x", "no-field"))
    form, taken = await read(body, size)
    assert taken == data
    assert form.texts == {"name": "möre"}
    assert form.file_names == {"file"}


async def test_null_and_nothing_are_absent_and_of_repeats_the_last_counts() -> None:
    form, _ = await read(
        whole(part("a", b"1"), part("a", b"2"), part("b", b"null"), part("c", b"3"), part("c", b""))
    )
    assert form.texts == {"a": "2"}
    assert form.field_names == {"a", "b", "c"}


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("name", ["enable_logging", "enableLogging", "zero_retention"])
async def test_a_switch_in_a_form_is_refused(name: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        await read(whole(part(name, b"false")))
    assert caught.value.fields[0].location == ("query", "enable_logging")


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    "head",
    [
        "Content-Disposition: form-data; name*=UTF-8''enable_logging",
        "Content-Disposition: form-data; name=a; name*=UTF-8''%65nable%5Flogging",
        "Content-Disposition: form-data; name=enable_logging; name=a",
        'Content-Disposition: form-data; name="file"; filename="enable_logging=false"',
        "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%65nableLogging%3Dfalse",
        'Content-Disposition: form-data; name="file"; filename="logging"',
        'Content-Disposition: form-data; name="enable_logging"; filename="a.wav"',
        'Content-Disposition: form-data; name="a"\r\nEnable-Logging: false',
        'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; zero_retention=true',
        f'Content-Disposition: form-data; name="{WIDE}"',
    ],
)
async def test_a_switch_in_the_head_of_a_part_is_refused(head: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        await read(whole(f"--{BOUNDARY}\r\n{head}\r\n\r\nfalse\r\n".encode()), 1000)
    assert caught.value.fields[0].location == ("query", "enable_logging")


async def test_names_of_files_are_only_names() -> None:
    for file_name in ("logging.wav", "data retention.mp3", "enable.wav", "C:\\logging\\a.wav", "100%.wav"):
        form, taken = await read(whole(part("file", b"sound", file_name)))
        assert (form.file_names, taken) == ({"file"}, b"sound")


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    "text",
    [
        r'{"\u0065nable_logging": false}',
        f'{{"{WIDE}": false}}',
        '{"enable_logging": false}',
        ' [{"a": {"zeroRetention": true}}]',
    ],
)
async def test_a_switch_in_json_that_nobody_reads_is_refused(text: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        await read(whole(part("options", text.encode())))
    assert caught.value.fields[0].location == ("query", "enable_logging")


async def test_what_a_caller_gets_back_may_hold_anything() -> None:
    form, _ = await read(whole(part("webhook_metadata", b'{"enable_logging": false}')))
    assert form.texts == {"webhook_metadata": '{"enable_logging": false}'}


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (whole(part("a", b"canary")), "application/json"),
        (whole(part("a", b"canary")), "multipart/form-data"),
        (whole(part("a", b"canary")), f'multipart/form-data; boundary="{"b" * 300}"'),
        (part("a", b"canary"), TYPE),
        (b"", TYPE),
        (b"canary", TYPE),
        (whole(part("a", b"canary")).replace(b"Content-Disposition", b"X"), TYPE),
        (whole(*[part("canary", b"")] * 100), TYPE),
    ],
)
async def test_what_is_no_form_is_refused_without_an_echo(data: bytes, content_type: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        await read(data, 1000, content_type=content_type)
    assert "canary" not in str([caught.value.args, caught.value.fields])


async def test_bodies_and_fields_are_bounded() -> None:
    for body, settings in (
        (whole(part("file", b"x" * 5000, "f")), {"body_bytes_max": 4096}),
        (whole(part("a", b"x" * 70_000)), {}),
    ):
        with pytest.raises(EcholessError) as caught:
            await read(body, 1024, **settings)
        assert caught.value.code is ErrorCode.FILE_TOO_LARGE


async def test_a_client_that_leaves_or_sleeps_ends_the_reading() -> None:
    with pytest.raises(ClientLeftError):
        await read(whole(part("a", b"b")), 20, leaves=True)
    with pytest.raises(EcholessError) as caught:
        await read(whole(part("a", b"b")), sleeps=True, body_timeout_s=0.01)
    assert caught.value.code is ErrorCode.REQUEST_TIMEOUT
