"""The bare side of the comparison does the whole work: a recording in, words or encoded audio out."""

from __future__ import annotations

import socket
import struct
import threading

import numpy as np
import pytest

from echoless.volatile.service.bare_media import main

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("kind", ["transcribe", "convert"])
def test_each_job_is_answered_in_pieces_and_ended(kind: str) -> None:
    samples = (6_000 * np.sin(np.arange(24_000) / 9)).astype("<i2").tobytes()
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=main, args=([str(theirs.detach()), kind],))
    thread.start()
    with ours, ours.makefile("rb") as answers:
        assert answers.read(4) == bytes(4)
        for _ in range(2):
            ours.sendall(struct.pack(">I", len(samples)) + samples)
            answer = b""
            while (count := struct.unpack(">I", answers.read(4))[0]) > 0:
                answer += answers.read(count)
            # A tone has no words.
            if kind == "convert":
                # 128,000 bits a second, for a second and a half.
                assert len(answer) == pytest.approx(24_000, rel=0.1)
        ours.shutdown(socket.SHUT_WR)
        thread.join(10)
    assert not thread.is_alive()
