"""A process of the audit's own in which words are planted: each search must find them there, or it shows nothing
where it finds nothing.

It is told what to do line by line, and does nothing else; it knows no package and no server.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_ANSWER: Final = "done\n"
_ACTING: Final = """
import ctypes, os, socket, subprocess, sys
held = []
for line in sys.stdin:
    how, word, place = line.rstrip("\\n").split("\\t")
    if how == "hold":
        held.append(os.memfd_create("held"))
        os.write(held[-1], word.encode())
    elif how == "write and delete":
        with open(place, "wb") as file:
            os.unlink(place)
            file.write(word.encode())
    elif how == "start":
        subprocess.run([sys.executable, "-I", "-S", "-c", "", word])
    elif how == "send":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.sendto(word.encode(), ("127.0.0.1", 9))
    elif how == "name":
        socket_of_name = socket.socket(socket.AF_UNIX)
        socket_of_name.bind("\\0" + word)
        held.append(socket_of_name)
    print("done", flush=True)
"""


@dataclass(frozen=True, slots=True, repr=False)
class PlantedProcess:
    """The process, which ends with the block that it was made for."""

    process: subprocess.Popen[str]

    @classmethod
    @contextlib.contextmanager
    def started(cls, *arguments: str) -> Iterator[PlantedProcess]:
        """Start it, with words among its arguments."""
        command = [sys.executable, "-I", "-c", _ACTING, *arguments]
        with subprocess.Popen(  # noqa: S603  # our own interpreter and text
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                planted = cls(process)
                planted.does("nothing")
                yield planted
            finally:
                process.kill()

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def does(self, how: str, word: str = "", place: str = "") -> bool:
        """Have it do one thing.

        how:     `hold` in a memory file, `write and delete` a file, `start` a program, `send` a packet, `name` a
                 socket
        returns: whether it could
        """
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{how}\t{word}\t{place}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline() == _ANSWER
