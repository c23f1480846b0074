"""Takes away what planted leaks leave outside the data directory: files, shared memory, the kernel's keys."""

from __future__ import annotations

import ctypes
import platform
from pathlib import Path
from typing import Final

from echoless.audit.altered.spilling import MARK, REFUSED, SHARED_KEY

_PLACES: Final = (Path("/tmp"), Path("/dev/shm"))  # noqa: S108  # where leaks go on purpose
STRANGER_PORT: Final = Path(f"/tmp/{MARK}-stranger")  # noqa: S108  # read by the build that leaks, for a moment
_KEYS: Final = Path("/proc/keys")
_IPC_RMID: Final = 0
# source: keyctl(2), the table of x86-64 and of arm64
_KEYCTL_UNLINK, _USER_KEYRING = 9, -4
_KEYCTL: Final = {"x86_64": 250, "aarch64": 219}


def refused_sinks() -> frozenset[str]:
    """Return the sinks of the last build that this host refused."""
    path = Path(REFUSED)
    return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()


def remove_traces() -> None:
    """Take away everything that carries the mark of a planted leak."""
    for place in _PLACES:
        for path in place.glob(f"{MARK}-*"):
            path.unlink(missing_ok=True)
    libc = ctypes.CDLL(None)
    number = libc.shmget(SHARED_KEY, 0, 0)
    if number >= 0:
        libc.shmctl(number, _IPC_RMID, None)
    _unlink_keys(libc)


def _unlink_keys(libc: ctypes.CDLL) -> None:
    try:
        lines = _KEYS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        # A kernel without keys has none of ours.
        return
    call = _KEYCTL.get(platform.machine())
    for line in lines:
        if call is not None and f" {MARK}:" in line:
            libc.syscall(call, _KEYCTL_UNLINK, ctypes.c_int(int(line.split()[0], 16)), _USER_KEYRING)
