"""Part of an audit: its own searches, tried on what the audit itself has planted outside the server.

Each must find it. A search that finds nothing there would find nothing anywhere.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.options import Scene
from echoless.audit.search.database_scan import scan_databases
from echoless.audit.search.descriptor_watch import DescriptorWatch
from echoless.audit.search.disk_scan import scan_shared_places
from echoless.audit.search.family_watch import FamilyWatch
from echoless.audit.search.free_blocks import place_of_own, scan_blocks
from echoless.audit.search.kernel_objects import kernel_objects_now, scan_kernel_objects
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.names_scan import scan_names
from echoless.audit.search.needles import Needle, text_needles
from echoless.audit.search.packets import PacketWatch
from echoless.audit.search.places import PlaceScan
from echoless.audit.search.planted_process import PlantedProcess
from echoless.audit.search.process_scan import scan_processes
from echoless.audit.search.system_logs import scan_system_logs
from echoless.audit.search.wall_facts import wall_facts
from echoless.audit.search.watcher import watching
from echoless.audit.search.written_files import FileWatch
from echoless.core.processes import family_of

_BLOCKS_BYTES: Final = 16 * 1024 * 1024
_ROWS: Final = 200
# No packet of the control comes from it.
_NO_PORT: Final = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a control has: a word, its needles, a folder and a process of its own."""

    word: str
    needles: list[Needle]
    folder: Path
    process: PlantedProcess


Control = Callable[[Ground], tuple[int | None, str]]
"""Plants and searches; returns how many copies were found, None where it cannot be tried here, and where or why."""


def check_searches(scene: Scene) -> None:
    """Try every search."""
    for name, control in CONTROLS.items():
        scene.options.progress(f"control: {name}", 0.0)
        with _ground() as ground:
            count, detail = control(ground)
        outcome = detail if count is None else f"{count} found in {detail}"
        scene.report.check(f"control: {name} is found", count is None or count > 0, outcome, "C34")
        scene.options.progress(f"control: {name}", 1.0)


@contextlib.contextmanager
def _ground() -> Iterator[Ground]:
    canary = CanaryMint().plain("control", 13, is_kept=False)
    (word,) = canary.words
    with tempfile.TemporaryDirectory(prefix="echoless-audit-") as folder, PlantedProcess.started(word) as process:
        yield Ground(word, text_needles([canary]), Path(folder), process)


def _counted(scan: PlaceScan) -> tuple[int, str]:
    return len(scan.hits), ", ".join(sorted({hit.where.partition(": ")[2] or hit.where for hit in scan.hits}))


def _memory(ground: Ground) -> tuple[int | None, str]:
    scan = scan_memory(family_of(ground.process.pid), ground.needles)
    return len(scan.hits), "a process of the audit's own"


def _process(ground: Ground) -> tuple[int | None, str]:
    ground.process.does("hold", ground.word)
    return _counted(scan_processes(family_of(ground.process.pid), ground.needles))


def _kernel_object(ground: Ground) -> tuple[int | None, str]:
    ground.process.does("name", ground.word)
    return _counted(scan_kernel_objects(ground.needles, kernel_objects_now()))


def _name(ground: Ground) -> tuple[int | None, str]:
    (ground.folder / ground.word).touch()
    scan = scan_names([ground.folder], ground.needles, place="")
    return len(scan.hits), "the name of a file"


def _attribute(ground: Ground) -> tuple[int | None, str]:
    path = ground.folder / "file"
    path.touch()
    try:
        os.setxattr(path, "user.control", ground.word.encode())
    except OSError:
        return None, "the file system has no attributes"
    return len(scan_names([ground.folder], ground.needles, place="").hits), "an extended attribute"


def _temporary_file(ground: Ground) -> tuple[int | None, str]:
    (ground.folder / "file").write_text(ground.word)
    scan = scan_shared_places(
        ground.needles, before={}, changed_since_unix_s=time.time() - 60, places=[ground.folder]
    )
    return len(scan.hits), "a temporary file"


def _database(ground: Ground) -> tuple[int | None, str]:
    with contextlib.closing(sqlite3.connect(ground.folder / "a.sqlite", isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE kept (value TEXT)")
        database.execute("CREATE TABLE gone (value TEXT)")
        database.execute("INSERT INTO kept VALUES (?)", (ground.word,))
        database.executemany("INSERT INTO gone VALUES (?)", [(ground.word * 40,)] * _ROWS)
        database.execute("DROP TABLE gone")
    return _counted(scan_databases(ground.folder, ground.needles))


def _deleted_file(ground: Ground) -> tuple[int | None, str]:
    with place_of_own(ground.folder, _BLOCKS_BYTES) as (place, reason):
        if reason:
            return None, f"no file system of its own: {reason}"
        with (place / "file").open("wb", buffering=0) as file:
            file.write(ground.word.encode())
            os.fsync(file.fileno())
        (place / "file").unlink()
        return _counted(scan_blocks(place, ground.needles))


def _log(ground: Ground) -> tuple[int | None, str]:
    (ground.folder / "syslog").write_text(ground.word)
    scan = scan_system_logs(ground.needles, time.time() - 60, [ground.folder])
    return len(scan.hits), "a log"


def _packet(ground: Ground) -> tuple[int | None, str]:
    watch = PacketWatch(_NO_PORT)
    if not watch.is_told:
        return None, "packets are not shown to this user"
    with watching([watch]):
        ground.process.does("send", ground.word)
    return _counted(watch.scan(ground.needles))


def _file_of_a_moment(ground: Ground) -> tuple[int | None, str]:
    watch = FileWatch(lambda pid: "control" if pid == ground.process.pid else None)
    if not watch.is_told:
        return None, "the kernel does not tell this user of files"
    with watching([watch]):
        ground.process.does("write and delete", ground.word, str(ground.folder / "file"))
    found = [item for item in watch.written if ground.word.encode() in item.data and not item.is_linked]
    return len(found), "a file that was gone at once"


def _program_of_a_moment(ground: Ground) -> tuple[int | None, str]:
    watch = FamilyWatch(ground.process.pid)
    with watching([watch]):
        ground.process.does("start", ground.word)
    if not watch.is_told:
        watch.close()
        return None, "the kernel does not tell this user of processes"
    return len(watch.started), "what was started"


def _descriptor(ground: Ground) -> tuple[int | None, str]:
    ground.process.does("hold", ground.word)
    watch = DescriptorWatch(lambda: {ground.process.pid: "control"})
    return len(watch.writable), "files open for writing"


def _missing_wall(ground: Ground) -> tuple[int | None, str]:
    (facts,) = wall_facts(family_of(ground.process.pid))
    missing = [facts.is_filtered, facts.has_size_limit].count(False)
    return missing if facts.is_readable else 0, "parts of a wall that a process without one has not"


CONTROLS: Final = MappingProxyType[str, Control](
    {
        "a word in memory": _memory,
        "a word in arguments and memory files": _process,
        "a word in the name of a socket": _kernel_object,
        "a word in the name of a file": _name,
        "a word in an attribute": _attribute,
        "a word in a temporary file": _temporary_file,
        "a word in a database": _database,
        "a word in a deleted file": _deleted_file,
        "a word in a log": _log,
        "a word in a packet": _packet,
        "a file of a moment": _file_of_a_moment,
        "a program of a moment": _program_of_a_moment,
        "a file open for writing": _descriptor,
        "a missing wall": _missing_wall,
    }
)
