"""What another process has in its memory after it has worked on something, with the allocator's profile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT

# The data is read without a buffer of the interpreter's own and overwritten where it arrived.
_PROGRAM = """
import gc, sys
MODE = sys.argv[1]
{program}
def work():
    room = bytearray(int(sys.argv[2]))
    done = 0
    while done < len(room):
        done += sys.stdin.buffer.raw.readinto(memoryview(room)[done:])
    data = bytes(room)
    room[:] = bytes(len(room))
    run(data)
work()
gc.collect()
sys.stdout.write(".")
sys.stdout.flush()
sys.stdin.buffer.raw.read(1)
"""


def memory_after(program: str, data: bytes, mode: str) -> bytes:
    """Return the writable memory of a process that has called `run(data)`.

    program: defines `run`; it finds `mode` as MODE
    """
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path), **ALLOCATOR_ENVIRONMENT}
    command = [sys.executable, "-c", _PROGRAM.format(program=program), mode, str(len(data))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, bufsize=0) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            for at in range(0, len(data), 65_536):
                child.stdin.write(data[at : at + 65_536])
            assert child.stdout.read(1) == b"."
            return b"".join(_writable(child.pid))
        finally:
            child.kill()


def _writable(pid: int) -> list[bytes]:
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, permissions = line.split()[:2]
            if permissions.startswith("rw"):
                start, end = (int(text, 16) for text in span.split("-"))
                memory.seek(start)
                left = end - start
                while left and (piece := memory.read(left)):
                    found.append(piece)
                    left -= len(piece)
    return found
