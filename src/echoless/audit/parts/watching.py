"""Part of an audit: looks on while everything else runs, at what is over before anybody could search for it.

What a process of the volatile plane may never do needs no marked word to be seen: have a file open for writing,
start a program, speak to anybody but its own server's clients. Everything that was seen is searched besides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from echoless.audit.options import Scene
from echoless.audit.parts.places import note
from echoless.audit.search.descriptor_watch import Connection, DescriptorWatch
from echoless.audit.search.family_watch import FamilyWatch
from echoless.audit.search.needles import text_needles
from echoless.audit.search.packets import PacketWatch
from echoless.audit.search.places import Sieve
from echoless.audit.search.watcher import watching
from echoless.audit.search.written_files import FileWatch, Written

VOLATILE: Final = frozenset({"engine", "media", "live", "gateway", "egress"})
# Its work is to speak to others; whom it may, the wall and its own tests say.
_OUTBOUND: Final = frozenset({"egress"})
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Watches:
    """What is watched of one server."""

    family: FamilyWatch
    files: FileWatch
    descriptors: DescriptorWatch
    packets: PacketWatch

    @classmethod
    def begin(cls, scene: Scene) -> Watches:
        """Begin to watch a server."""
        family = FamilyWatch(scene.server.supervisor_pid)
        return cls(
            family,
            FileWatch(family.role),
            DescriptorWatch(lambda: family.roles),
            PacketWatch(_port_of(scene.server.url)),
        )


@contextlib.contextmanager
def watch_processes(scene: Scene) -> Iterator[None]:
    """Watch while everything else runs, and note what was seen."""
    watches = Watches.begin(scene)
    with watching([watches.family, watches.files, watches.descriptors, watches.packets]):
        yield
    _note_files(scene, watches)
    _note_programs(scene, watches.family)
    _note_connections(scene, watches)
    if scene.mint.canaries:
        _note_words(scene, watches)


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2].rstrip("/"))


def _note_files(scene: Scene, watches: Watches) -> None:
    """Note whether a process of the volatile plane ever had a file open for writing."""
    written = [item for item in watches.files.written if item.role in VOLATILE]
    seen = {f"{item.role}: {_kind_of(item)}" for item in written}
    seen |= {f"{item.role}: {item.what} open" for item in watches.descriptors.writable if item.role in VOLATILE}
    told = (
        f"told by the kernel of {len(watches.files.written)} files that the server closed"
        if watches.files.is_told
        else "the kernel does not tell this user of files: descriptors alone were watched"
    )
    lost = f"; {watches.files.lost_count} times more than it could tell" if watches.files.lost_count else ""
    scene.report.check(
        "no file was open for writing", not seen,
        f"{_listed(seen)}; looked {watches.descriptors.look_count} times, {told}{lost}", "C17", "C18", "C20",
    )  # fmt: skip


def _note_programs(scene: Scene, family: FamilyWatch) -> None:
    """Note whether a process of the volatile plane ever started another."""
    seen = {f"{item.parent} started a process" for item in family.started.values() if item.parent in VOLATILE}
    told = "told by the kernel" if family.is_told else "looked at intervals: a shorter life was missed"
    others = sum(item.parent not in VOLATILE for item in family.started.values())
    scene.report.check(
        "no program was started", not seen, f"{_listed(seen)}; {others} by the supervisor; {told}", "C20"
    )


def _note_connections(scene: Scene, watches: Watches) -> None:
    """Note whether a process that may only serve spoke to anybody else, or any asked for a name."""
    port = _port_of(scene.server.url)
    strange = {item for item in watches.descriptors.connections if _is_strange(item, port)}
    seen = {f"{item.role}: {item.protocol} to {item.remote} port {item.remote_port}" for item in strange}
    allowed = {
        f"{item.role} to {item.remote} port {item.remote_port}"
        for item in watches.descriptors.connections - strange
        if item.local_port != port and item.remote_port
    }
    scene.report.check(
        "no stranger was spoken to", not seen,
        f"{_listed(seen)}; connections of the parts that may have them: {_listed(allowed)}", "C47",
    )  # fmt: skip


def _is_strange(item: Connection, server_port: int) -> bool:
    is_serving = item.protocol in {"tcp", "tcp6"} and item.local_port == server_port
    return item.role in VOLATILE - _OUTBOUND and not is_serving


def _note_words(scene: Scene, watches: Watches) -> None:
    """Search everything that was seen for what was planted."""
    needles = text_needles(scene.mint.canaries)
    note(scene, watches.packets.scan(needles), "C47")
    sieve = Sieve.of(needles)
    for started in watches.family.started.values():
        sieve.look(f"arguments or environment of a program that the {started.parent} started", started.shown)
    for where, name in watches.family.names:
        sieve.look(where, name)
    for item in watches.files.written:
        sieve.look(f"name of a file that the {item.role} wrote", item.path)
        sieve.look(f"{_kind_of(item)} that the {item.role} wrote", item.data)
    for opened in watches.descriptors.writable:
        sieve.look(f"name of a file that the {opened.role} had open", opened.link)
    if not (watches.files.is_told and watches.family.is_told):
        sieve.pass_over("what is over at once", "the kernel does not tell this user")
    note(scene, sieve.result("what was over before the search", "processes"), "C16", "C17", "C20")


def _kind_of(item: Written) -> str:
    return "a file" if item.is_linked else "a file that was deleted"


def _listed(seen: set[str]) -> str:
    words = sorted(seen)
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more if words else "none"
