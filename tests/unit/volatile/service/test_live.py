"""The live process as the supervisor starts it, with words that need no model."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.core.ids import TicketId
from echoless.crossing.control import AddLink, ControlEnd, LiveConfig, Peer, ProcessReady, Retire, Stop
from echoless.crossing.live_records import CommittedText, ListeningEnded
from echoless.crossing.media_records import KIND_INPUT_AUDIO, EndInput
from echoless.crossing.records import Record, core_registry
from echoless.crossing.wire import FrameReader, encode_frame
from echoless.volatile.engines.live.host import LISTENING_RECORDS
from echoless.volatile.service import live
from tests.unit.volatile.engines.live.test_listening import ORDER, SECOND

pytestmark = pytest.mark.unit

_MIB = 2**20
TICKET = TicketId(b"t" * 16)


def _until_ended(end: socket.socket) -> list[Record]:
    registry, reader, found = core_registry(LISTENING_RECORDS), FrameReader(), list[Record]()
    while not (found and isinstance(found[-1], ListeningEnded)):
        assert select.select([end], [], [], 20.0)[0], "the process is silent"
        count = end.recv_into(reader.writable())
        assert count, "the process is gone"
        found += [registry.decode(frame) for frame in reader.advance(count)]
    return found


_AS_STARTED = ("-P", "-m", "echoless.volatile.service")
_WITHOUT_POCKETSPHINX = (
    "-P",
    "-c",
    "import runpy, sys; sys.modules['pocketsphinx'] = None; "
    "runpy.run_module('echoless.volatile.service', run_name='__main__', alter_sys=True)",
)


@contextlib.contextmanager
def _live_process(media_engine: str, how: tuple[str, ...] = _AS_STARTED) -> Iterator[socket.socket]:
    """Run the process as the supervisor does and give a gateway's end of a link; it must stop when it is told."""
    ours, theirs = ControlEnd.pair()
    journal_reader, journal = os.pipe()
    command = [sys.executable, *how, "live", str(theirs.fileno()), str(journal)]
    environment = {
        "PATH": "/usr/bin:/bin",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        **ALLOCATOR_ENVIRONMENT,
    }
    child = subprocess.Popen(command, env=environment, pass_fds=(theirs.fileno(), journal), cwd="/")
    theirs.close()
    os.close(journal)
    try:
        ours.send(LiveConfig("live-0", media_engine, True, "best_effort", True, 64 * 1024 * 1024))
        message = ours.receive()
        assert message is not None, "the process has ended before its wall was closed"
        assert isinstance(message[0], ProcessReady)
        end, link = socket.socketpair()
        ours.send(AddLink(Peer.GATEWAY, "gateway-0"), (link.fileno(),))
        link.close()
        with end:
            yield end
        ours.send(Stop(0.1))
        assert child.wait(20.0) == 0
    finally:
        child.kill()
        child.wait()
        ours.close()
        os.close(journal_reader)


def test_it_serves_a_session_behind_its_wall_and_stops_when_it_is_told() -> None:
    registry = core_registry(LISTENING_RECORDS)
    with _live_process("null") as end:
        end.sendall(registry.encode(ORDER, correlation=1, ticket=TICKET))
        end.sendall(encode_frame(KIND_INPUT_AUDIO, SECOND.reveal(), is_content=True, correlation=1, ticket=TICKET))
        end.sendall(registry.encode(EndInput(), correlation=1, ticket=TICKET))
        found = _until_ended(end)
    (committed,) = [record for record in found if isinstance(record, CommittedText)]
    assert committed.text.startswith("Null transcript.")
    assert found[-1] == ListeningEnded("", 1_000)


def test_without_the_embedded_recogniser_it_starts_and_refuses_its_sessions() -> None:
    """There are versions of Python that it has no wheel for; installed models listen there all the same."""
    with _live_process("embedded", _WITHOUT_POCKETSPHINX) as end:
        end.sendall(core_registry(LISTENING_RECORDS).encode(ORDER, correlation=1, ticket=TICKET))
        assert _until_ended(end) == [ListeningEnded("not_available", 0)]


def test_decoders_are_no_growth_and_whatever_else_grows_is() -> None:
    sent: list[object] = []
    start = SimpleNamespace(control=SimpleNamespace(send=sent.append))
    decoders = SimpleNamespace(added_bytes=0, trim=lambda: None)
    memory = SimpleNamespace(resident_bytes=100 * _MIB)
    config = SimpleNamespace(growth_bytes_max=64 * _MIB)
    rest = live._Rest(start, config, decoders, memory)  # type: ignore[arg-type]  # the parts in use
    rest.host = SimpleNamespace(retire=lambda: sent.append("retire"))  # type: ignore[assignment]  # the part in use
    memory.resident_bytes, decoders.added_bytes = 500 * _MIB, 390 * _MIB
    rest.take()
    assert sent == []
    memory.resident_bytes = 554 * _MIB
    rest.take()
    rest.take()
    assert sent == ["retire", Retire()]


_MANY_AT_ONCE = """
from types import SimpleNamespace
from echoless.volatile.service import live
from echoless.volatile.speech.hearing_ports import HearingOptions

memory = live.OwnMemory()
recognizer = live._embedded(SimpleNamespace(media_engine="embedded"), memory)
before_bytes = memory.resident_bytes
sessions = [recognizer.open(HearingOptions()) for _ in range(4)]
for session in sessions:
    session.close()
print(memory.resident_bytes - before_bytes, recognizer.added_bytes)
"""


def test_the_decoders_of_many_sessions_at_once_are_measured() -> None:
    """In a process of its own: a heap that others have used has room for them already."""
    done = subprocess.run(
        [sys.executable, "-c", _MANY_AT_ONCE], capture_output=True, text=True, timeout=60.0, check=True
    )
    grown_bytes, added_bytes = map(int, done.stdout.split())
    assert added_bytes > 2 * 20 * _MIB
    assert abs(grown_bytes - added_bytes) < 8 * _MIB
