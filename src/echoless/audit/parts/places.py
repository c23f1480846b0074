"""Part of an audit: everything but memory and files that can hold what was said.

Searched once the rounds are over, for texts, sounds and what was made of them: names and attributes of files, what
the kernel shows of processes, what it keeps for programs, logs of the system, and the database row by row.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from echoless.audit.options import Scene
from echoless.audit.reports.report import NOT_SEARCHED, AuditReport, Searched
from echoless.audit.search.database_scan import scan_databases
from echoless.audit.search.disk_scan import SHARED_PLACES
from echoless.audit.search.finder import Finder
from echoless.audit.search.free_blocks import scan_blocks
from echoless.audit.search.kernel_objects import kernel_objects_now, scan_kernel_objects
from echoless.audit.search.names_scan import scan_names
from echoless.audit.search.needles import text_needles
from echoless.audit.search.places import PlaceScan
from echoless.audit.search.process_scan import scan_processes
from echoless.audit.search.system_logs import scan_system_logs

_SHOWN: Final = 3


def check_places(scene: Scene) -> None:
    """Search all of these places for everything that was planted or made."""
    if not scene.needles:
        # Nothing was planted: the parts were chosen so.
        return
    # Made once: there are thousands of needles after a round.
    finder = Finder(scene.needles)
    unix_table = Path(f"/proc/{scene.server.supervisor_pid}/net/unix")
    note(scene, scan_processes(scene.family(), finder), "C20", "C16", is_whole=True)
    # What was there before is looked at, not opened: which of it is ours, the watch knows.
    note(scene, scan_kernel_objects(finder, kernel_objects_now(), unix_table), "C20", "C16")
    data = scene.server.data_directory
    note(scene, scan_names([data], finder, place="names in the data directory"), "C16", is_whole=True)
    if not scene.options.is_quick:
        # In a hurry, what the watch saw of files that the server wrote there has to do.
        _names_in_temporary_places(scene, finder)
    databases = scan_databases(data, finder)
    # Where the vault keeps its rows on a server elsewhere, there is none here.
    note(scene, databases, "C21", "C16", is_whole=databases.item_count > 0)
    note(scene, scan_system_logs(finder, scene.began_unix_s), "C24")
    # Last, so that whatever the searches before had the server write is below too.
    note(scene, scan_blocks(data, finder), "C16", "C19")


def _names_in_temporary_places(scene: Scene, finder: Finder) -> None:
    places = [*SHARED_PLACES, *_places_of_own()]
    excluded = (scene.server.data_directory, *(output.parent for output in scene.outputs))
    scan = scan_names(
        places, finder, place="names in temporary places",
        excluded=excluded, changed_since_unix_s=scene.began_unix_s,
    )  # fmt: skip
    note(scene, scan, "C16")


@contextlib.contextmanager
def watch_places(scene: Scene) -> Iterator[None]:
    """Know which keys and queues were there before, and search those that are new."""
    before = kernel_objects_now()
    yield
    if scene.mint.canaries:
        unix_table = Path(f"/proc/{scene.server.supervisor_pid}/net/unix")
        scan = scan_kernel_objects(text_needles(scene.mint.canaries), before, unix_table)
        note(scene, scan, "C20", "C16", name="new kernel objects")


def note(scene: Scene, scan: PlaceScan, *proves: str, name: str = "", is_whole: bool = False) -> None:
    """Note what one search found; nothing that was planted, kept or not, may be in such a place in clear.

    name:     what the check is called; the place, unless told
    is_whole: whether something that could not be searched fails the check
    """
    note_place(scene.report, scan, *proves, name=name, kept_names=scene.kept, is_whole=is_whole)


def note_place(
    report: AuditReport,
    scan: PlaceScan,
    *proves: str,
    name: str = "",
    kept_names: frozenset[str] = frozenset(),
    is_whole: bool = False,
) -> None:
    """Note the same where there is no scene.

    kept_names: of canaries whose copies are counted as kept ones; they may be there in clear no more than others
    """
    kept = sum(hit.owner in kept_names for hit in scan.hits)
    report.searched.append(
        Searched(
            name or scan.place, scan.kind, scan.item_count, scan.byte_count, len(scan.hits) - kept, kept,
            scan.duration_s,
        )
    )  # fmt: skip
    report.add_findings((hit.where, hit.kind, hit.owner) for hit in scan.hits)
    is_passed = not scan.hits and not (is_whole and scan.unsearched)
    # Where nothing could be searched, nothing is proved.
    report.check(name or scan.place, is_passed, _said(scan), *(proves if scan.item_count else ()))


def _said(scan: PlaceScan) -> str:
    """Say in a line what was searched, where copies are, and what was not searched."""
    if not scan.item_count and scan.unsearched:
        return f"{NOT_SEARCHED} here: {_some(sorted(set(scan.unsearched)))}"
    text = f"{len(scan.owners())} canaries in {scan.item_count} items, {scan.byte_count} bytes"
    if scan.hits:
        text += f"; found in: {_some(sorted({hit.where for hit in scan.hits}))}"
    if scan.unsearched:
        text += f"; not searched: {_some(sorted(set(scan.unsearched)))}"
    return text


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")


def _places_of_own() -> list[Path]:
    """Return where this user's programs leave temporary files, where that is another place."""
    own = Path(tempfile.gettempdir())
    return [] if own in SHARED_PLACES else [own]
