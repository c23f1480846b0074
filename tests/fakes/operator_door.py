"""A server's operator socket without a server: it holds the directory's lock and answers from a table."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader
from echoless.supervisor.data_directory import DirectoryLock
from echoless.supervisor.listeners import listen_operator

Answers = Mapping[type[Record], Record | list[Record] | None]


class FakeOperatorDoor:
    """Answers each question by its type, one after the other where there are several, and remembers what it was
    asked.
    """

    def __init__(self, data_directory: Path, answers: Answers) -> None:
        self.asked: list[Record] = []
        self._answers = answers
        self._listener = listen_operator(data_directory)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        registry = RecordRegistry(OPERATOR_RECORDS)
        while True:
            connection, _ = self._listener.accept()
            with connection:
                reader = FrameReader()
                received = connection.recv_into(reader.writable())
                frames = list(reader.advance(received))
                if not frames:
                    return
                question = registry.decode(frames[0])
                self.asked.append(question)
                answer = self._answers[type(question)]
                if isinstance(answer, list):
                    answer = answer.pop(0)
                if answer is not None:
                    connection.sendall(registry.encode(answer, correlation=frames[0].header.correlation))

    def stop(self, data_directory: Path) -> None:
        """End the thread by a connection that says nothing."""
        import socket

        with socket.socket(socket.AF_UNIX) as waker:
            waker.connect(str(data_directory / "operator.sock"))
        self._thread.join(timeout=5)
        self._listener.close()


@contextmanager
def running_server(data_directory: Path, answers: Answers) -> Iterator[FakeOperatorDoor]:
    """A directory that looks like one with a running server."""
    lock = DirectoryLock.acquire(data_directory)
    lock.describe({"pid": 1, "url": "http://127.0.0.1:1", "is_audit_view": False})
    door = FakeOperatorDoor(data_directory, answers)
    try:
        yield door
    finally:
        door.stop(data_directory)
        lock.release()
