"""Searches the blocks below a file system: what was deleted, cut off or overwritten elsewhere is still there.

That takes a file system of bounded size whose device can be read: one in a file or on a small disk of its own. The
audit's own server gets one where this user may make it. What cannot be searched is said, with the reason.
source: loop(4), mount(8), mke2fs(8), BLKFLSBUF of linux/fs.h, proc(5) (/proc/self/mountinfo)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.audit.search.kernel_calls import flushed
from echoless.audit.search.places import PlaceScan, Sieve, Sought, reason_of

DEVICE_BYTES_MAX: Final = 8 * 1024**3
OWN_BYTES: Final = 512 * 1024**2
_MOUNTS: Final = Path("/proc/self/mountinfo")
_BLOCKS: Final = Path("/sys/dev/block")
_FORGET_CACHED: Final = 0x1261
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_TOOL_TIMEOUT_S: Final = 30.0
# Without a journal, which would hold a second copy of names; with what is unused left as it is.
_FORMAT: Final = ("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-m", "0", "-E", "nodiscard")

_TAKING_AWAY: Final = 'trap "" INT TERM HUP; read -r _; umount --lazy "$1"; rm -f "$2"'


@dataclass(frozen=True, slots=True)
class Backing:
    """What a directory lies on.

    source: the device or the file that holds the blocks; None where there is none to read
    reason: why there is none
    """

    kind: str
    source: Path | None
    reason: str = ""


def backing_of(directory: Path) -> Backing:
    """Return what holds the blocks of a directory's file system."""
    number = directory.stat().st_dev
    name = f"{os.major(number)}:{os.minor(number)}"
    kind, device = _mounted(name)
    if kind in _IN_MEMORY:
        return Backing(kind, None, "it is in memory and has no blocks")
    loop = _BLOCKS / name / "loop" / "backing_file"
    with contextlib.suppress(OSError):
        # Through the file one sees what the loop device has written, not what was cached of the device before.
        return Backing(kind, Path(loop.read_text(encoding="utf-8").rstrip("\n")))
    if device.startswith("/dev/"):
        return Backing(kind, Path(device))
    return Backing(kind, None, "it has no device of its own")


def scan_blocks(directory: Path, needles: Sought, device_bytes_max: int = DEVICE_BYTES_MAX) -> PlaceScan:
    """Search every block of the file system that a directory lies on, free or not.

    device_bytes_max: a larger device is not searched
    """
    sieve = Sieve.of(needles)
    backing = backing_of(directory)
    called = f"blocks of the {backing.kind or 'unknown'} file system"
    if backing.source is None:
        sieve.pass_over(called, backing.reason)
        return sieve.result("free blocks", "free blocks")
    try:
        _flush(directory)
        with backing.source.open("rb", buffering=0) as device:
            size = os.lseek(device.fileno(), 0, os.SEEK_END)
            if size > device_bytes_max:
                sieve.pass_over(called, f"{size // 1024**3} GiB are more than are searched")
            else:
                _forget_cached(device.fileno())
                sieve.look_into(called, device.fileno())
    except OSError as error:
        sieve.pass_over(called, reason_of(error))
    return sieve.result("free blocks", "free blocks")


@contextlib.contextmanager
def place_of_own(folder: Path, size_bytes: int = OWN_BYTES) -> Iterator[tuple[Path, str]]:
    """Yield a directory on a file system of its own in a file, which is unmounted and removed afterwards.

    folder: takes the file and the mount point
    yields: the directory, and why it is an ordinary one where such a file system cannot be made
    """
    image, place = folder / "blocks.img", folder / "place"
    place.mkdir(mode=0o700)
    reason = _made(image, place, size_bytes)
    if reason:
        yield place, reason
        return
    # A process of its own takes it away, also when the audit is killed: a pipe tells it of either end.
    with subprocess.Popen(  # noqa: S603  # a text of ours, with paths of our own
        ["/bin/sh", "-c", _TAKING_AWAY, "sh", str(place), str(image)], stdin=subprocess.PIPE, start_new_session=True
    ):
        (place / "lost+found").rmdir()
        yield place, ""


def _made(image: Path, place: Path, size_bytes: int) -> str:
    """Make a file system and mount it; returns why not."""
    if os.geteuid() != 0:
        return "mounting takes root"
    missing = [tool for tool in ("mkfs.ext4", "mount", "umount") if shutil.which(tool) is None]
    if missing:
        return f"there is no {missing[0]}"
    with image.open("wb") as file:
        file.truncate(size_bytes)
    reason = _run(*_FORMAT, str(image)) or _run("mount", "-o", "loop,nodev,nosuid", str(image), str(place))
    if reason:
        image.unlink()
    return reason


def _run(*command: str) -> str:
    """Run a tool of the system; returns why it failed, in words of ours, since its own may hold paths."""
    try:
        done = subprocess.run(  # noqa: S603  # tools of the system, with paths of our own
            command, check=False, capture_output=True, timeout=_TOOL_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {type(error).__name__}"
    return "" if done.returncode == 0 else f"{command[0]} ended with status {done.returncode}"


def _mounted(number: str) -> tuple[str, str]:
    """Return kind and device of the file system with a number; empty words where none is mounted here."""
    for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
        fields, _, rest = line.partition(" - ")
        if fields.split()[2] == number:
            kind, device, *_ = rest.split()
            return kind, device
    return "", ""


def _flush(directory: Path) -> None:
    """Have everything written that waits to be: what is only in memory is searched for there."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flushed(descriptor)
    finally:
        os.close(descriptor)


def _forget_cached(descriptor: int) -> None:
    """Let a device be read anew: its cache does not know what the file system wrote past it."""
    if stat.S_ISBLK(os.fstat(descriptor).st_mode):
        fcntl.ioctl(descriptor, _FORGET_CACHED)
