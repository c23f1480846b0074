"""The framing of the crossing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.wire import HEADER, PAYLOAD_BYTES_MAX, Frame, FrameReader, decode_header, encode_frame

pytestmark = pytest.mark.unit

frames = st.tuples(
    st.integers(0, 65535),
    st.binary(max_size=400),
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=16, max_size=16),
)


def read_all(reader: FrameReader, data: bytes, step: int) -> list[Frame]:
    found: list[Frame] = []
    position = 0
    while position < len(data):
        free = reader.writable()
        size = min(step, len(free), len(data) - position)
        free[:size] = data[position : position + size]
        position += size
        found += list(reader.advance(size))
    return found


@given(st.lists(frames, max_size=8), st.integers(1, 700), st.integers(64, 512))
def test_frames_survive_any_cutting_of_the_stream(
    given_frames: list[tuple[int, bytes, bool, int, bytes]], step: int, buffer_bytes: int
) -> None:
    data = b"".join(
        encode_frame(kind, payload, is_content=is_content, correlation=correlation, ticket=TicketId(ticket))
        for kind, payload, is_content, correlation, ticket in given_frames
    )
    found = read_all(FrameReader(buffer_bytes), data, step)
    assert [
        (f.header.kind, f.payload, f.header.is_content, f.header.correlation, f.header.ticket) for f in found
    ] == given_frames


@given(st.binary(min_size=1, max_size=2000), st.integers(1, 99), st.integers(64, 512))
def test_a_reader_keeps_nothing_of_what_it_handed_out(payload: bytes, step: int, buffer_bytes: int) -> None:
    """C32: buffers that we own are overwritten."""
    reader = FrameReader(buffer_bytes)
    read_all(reader, encode_frame(7, payload, is_content=True), step)
    assert bytes(reader._buffer) == bytes(buffer_bytes)
    assert reader._large is None


@pytest.mark.parametrize(
    ("offset", "value"), [(0, 0), (2, 2), (3, 2), (26, 0xFF)], ids=["magic", "version", "flags", "length"]
)
def test_a_foreign_header_is_refused(offset: int, value: int) -> None:
    data = bytearray(encode_frame(1, b"x"))
    data[offset] = value
    with pytest.raises(EcholessError) as caught:
        decode_header(data)
    assert caught.value.code is ErrorCode.CROSSING_BROKEN


def test_the_header_alone_tells_ticket_and_content() -> None:
    data = encode_frame(3, b"secret words", is_content=True, ticket=TicketId(b"t" * 16))
    header = decode_header(data[: HEADER.size])
    assert (header.is_content, header.ticket, header.payload_bytes) == (True, b"t" * 16, 12)


def test_a_frame_prints_as_a_size() -> None:
    frame = Frame(decode_header(encode_frame(3, b"secret words")), b"secret words")
    assert "secret" not in repr(frame)
    assert "12 bytes" in repr(frame)


def test_a_frame_over_the_limit_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        encode_frame(1, bytes(PAYLOAD_BYTES_MAX + 1), ticket=NO_TICKET)
