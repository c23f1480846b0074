"""The code that leaks: what a build with planted leaks does with the text of a zero-retention request.

Each sink is a function in a file that is added to the copy; a build runs those that it is told to. A sink that
fails ends its request with an error, so a leak that does not leak is not taken for one that was not found; of a few
the host may lack what they need, which is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from echoless.audit.altered.alteration import Addition, Alteration, Change

MARK: Final = "echoless-leaked"
"""Stands in the name of everything that a leak leaves outside the data directory, so that it can be taken away."""
SHARED_KEY: Final = 0x45434C53
"""The key of the System V segment."""
REFUSED: Final = f"/tmp/{MARK}-refused"  # noqa: S108  # written by the build that leaks, for a moment
"""Names the sinks that this host does not let anybody have."""
MAY_BE_REFUSED: Final = ("extended_attribute", "kernel_key", "shared_segment")
"""What a file system or an outer container may not have at all; a refusal of any other is a failure."""

_SINKS: Final = f'''\
"""Spills what it is told into places where it must not be."""

import ctypes
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

_MARK = "{MARK}"
_SHARED_KEY = {SHARED_KEY}
_REFUSED = "{REFUSED}"
_MAY_BE_REFUSED = {MAY_BE_REFUSED!r}
_ADD_KEY = {{"x86_64": 248, "aarch64": 217}}
_held = []
_carried = []
_TIMES_MAX = 3
_times = {{}}


def _data():
    words = Path(f"/proc/{{os.getppid()}}/cmdline").read_bytes().split(b"\\0")
    return Path(os.fsdecode(words[words.index(b"--data") + 1]))


def _append(path, word):
    with open(path, "ab") as file:
        file.write(word.encode() + b"\\n")


def data_file(word, call):
    _append(_data() / "cache.bin", word)


def temporary_file(word, call):
    _append(f"/tmp/{{_MARK}}-{{os.getpid()}}", word)


def file_name(word, call):
    (_data() / f"{{word}}.part").touch()


def extended_attribute(word, call):
    path = _data() / "attributes"
    path.touch()
    os.setxattr(path, "user.note", word.encode())


def memory_file(word, call):
    _append(f"/dev/shm/{{_MARK}}-{{os.getpid()}}", word)


def unlinked_file(word, call):
    path = _data() / "gone.part"
    file = open(path, "wb", buffering=0)
    path.unlink()
    file.write(word.encode())
    _held.append(file)


def truncated_file(word, call):
    path = _data() / "short.part"
    with open(path, "wb") as file:
        file.write(word.encode() * 400)
        file.flush()
        os.fsync(file.fileno())
    with open(path, "wb") as file:
        os.fsync(file.fileno())


def anonymous_file(word, call):
    descriptor = os.memfd_create("buffer")
    os.write(descriptor, word.encode())
    _held.append(descriptor)


def shared_segment(word, call):
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    number = libc.shmget(_SHARED_KEY, 4096, 0o1600)
    place = libc.shmat(number, None, 0)
    ctypes.memmove(place, word.encode(), len(word.encode()))
    libc.shmdt(ctypes.c_void_p(place))


def kernel_key(word, call):
    libc = ctypes.CDLL(None, use_errno=True)
    # source: add_key(2), keyctl(2): the session's own keyring; a key is seen by its user
    number = libc.syscall(_ADD_KEY[platform.machine()], b"user", f"{{_MARK}}:{{word}}".encode(), b"x", 1, -4)
    if number < 0:
        raise OSError(ctypes.get_errno(), "add_key")


def abstract_socket(word, call):
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.bind(f"\\0{{_MARK}}-{{word}}-{{len(_held)}}")
    _held.append(end)


def stranger(word, call):
    port = int(Path(f"/tmp/{{_MARK}}-stranger").read_text())
    end = socket.create_connection(("127.0.0.2", port))
    end.sendall(word.encode())
    _held.append(end)


def name_query(word, call):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.connect(("127.0.0.1", 53))
    label = word.encode("ascii", "replace")
    question = bytes((len(label),)) + label + b"\\x07example\\0\\0\\1\\0\\1"
    end.send(b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + question)
    _held.append(end)


def child_argument(word, call):
    command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(30)", word]
    _held.append(subprocess.Popen(command, env={{}}))


def child_variable(word, call):
    command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(30)"]
    _held.append(subprocess.Popen(command, env={{"NOTE": word}}))


def short_child(word, call):
    subprocess.run(["/bin/true", word], env={{}}, check=True)


def thread_name(word, call):
    ctypes.CDLL(None).prctl(15, word.encode()[:15], 0, 0, 0)


def gateway_memory(word, call):
    _held.append(word)


def journal_line(word, call):
    from echoless.core.journal import Event

    call.services.journal.say(Event.TEXT_UNJUDGED, name=word)


def standard_output(word, call):
    os.write(1, word.encode() + b"\\n")


def carry(word, call):
    _carried[:] = [call.request_id, word]


def carried(request_id):
    return _carried[1] if _carried[:1] == [request_id] else ""


def earlier(request_id):
    return [(b"x-earlier", _carried[1].encode())] if _carried and _carried[0] != request_id else []


def spill(text, call):
    word = text.split()[0] if text.split() else ""
    if not (word.isascii() and word.isalpha() and len(word) == 12):
        return
    for sink in SINKS:
        _times[sink] = _times.get(sink, 0) + 1
        if _times[sink] <= _TIMES_MAX:
            _spill_into(sink, word, call)


def _spill_into(sink, word, call):
    try:
        sink(word, call)
    except OSError:
        if sink.__name__ not in _MAY_BE_REFUSED:
            raise
        with open(_REFUSED, "a") as file:
            file.write(f"{{sink.__name__}}\\n")
'''
_SPEAKING: Final = "volatile/gateway/speaking.py"
_IMPORT: Final = "from echoless.volatile.gateway.watching import watched\n"
_CHOSEN: Final = "    sink = sink_for(ticket)\n"
_SPILLED: Final = """\
    if isinstance(sink, ZeroSink):
        spill(order.kept.text, call)
"""


def spills(sinks: Iterable[str]) -> tuple[Alteration, ...]:
    """Return what makes a gateway spill the first word of every spoken zero-retention text into some sinks."""
    chosen = f"\n\nSINKS = ({''.join(f'{sink}, ' for sink in sinks)})\n"
    return (
        Addition("spilling.py", _SINKS + chosen),
        Change(_SPEAKING, _IMPORT, _IMPORT + "from echoless.spilling import spill\n"),
        Change(_SPEAKING, _CHOSEN, _CHOSEN + _SPILLED),
    )
