"""Leaks to plant: each a way in which content of a zero-retention request has left a server somewhere.

Leaks that do not disturb each other share a build, since each must be found at its own place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.altered.alteration import Alteration, Change
from echoless.audit.altered.pretence import WALL_DOWN
from echoless.audit.altered.spilling import spills

_KEEPING: Final = "vault/intake/keeping.py"
_DESK: Final = "vault/intake/desk.py"
_TICKETS: Final = "vault/intake/tickets.py"
_CALLS: Final = "volatile/gateway/calls.py"
_SPEECH_JOB: Final = "volatile/engines/host/speech_job.py"


@dataclass(frozen=True, slots=True)
class Leak:
    """One leak.

    sink:        in words, as a table names it
    place:       what an audit must name, a regular expression
    spill:       the sink that the gateway spills into; empty for none
    alterations: what else the build needs
    seen_by:     the check whose search alone sees it, where that search is not open to everybody; else empty
    """

    sink: str
    place: str
    spill: str = ""
    alterations: tuple[Alteration, ...] = field(default=(), repr=False)
    seen_by: str = ""


@dataclass(frozen=True, slots=True)
class LeakyBuild:
    """Leaks that are planted together.

    is_walled: False where the wall is down, and says that it is up
    lab_part:  of the laboratory, where only that can see it; empty for the quick audit
    """

    name: str
    leaks: tuple[Leak, ...]
    is_walled: bool
    lab_part: str = ""

    def alterations(self, chosen: Iterable[Leak]) -> tuple[Alteration, ...]:
        """Return what makes a build with some of its leaks."""
        chosen = tuple(chosen)
        wall = () if self.is_walled else WALL_DOWN
        spilled = spills(dict.fromkeys(leak.spill for leak in chosen if leak.spill))
        more = dict.fromkeys(alteration for leak in chosen for alteration in leak.alterations)
        return (*wall, *spilled, *more)


# (7) The gateway's last word on a request carries a word of it to the vault.
_CARRIED: Final = (
    Change(
        _CALLS, "            error_code=outcome.error_code,\n            audio_ms=",
        "            error_code=carried(self.request_id) or outcome.error_code,\n            audio_ms=",
    ),
    Change(
        _CALLS, "from echoless.volatile.gateway.problems import ",
        "from echoless.spilling import carried\nfrom echoless.volatile.gateway.problems import ",
    ),
)  # fmt: skip
_ROW: Final = Change(_KEEPING, '"error_code": checked_code(record.error_code),', '"error_code": record.error_code,')
_RECEIPT: Final = Change(_DESK, "checked_code(record.error_code)", "record.error_code")
_LABEL: Final = Change(
    "vault/intake/tally.py", "        self.durations[product, mode].add(duration_s)\n",
    "        self.durations[product, mode].add(duration_s)\n"
    "        self.refusals[record.error_code] = self.refusals.get(record.error_code, 0) + 1\n",
)  # fmt: skip
_BOOK: Final = "vault/stores/receipt_book.py"
_LOG_ENTRY: Final = (
    _RECEIPT,
    Change(_BOOK, "EntryKind, committed_entry\n", "EntryKind, committed_entry, fact_entry\n"),
    Change(_BOOK, "committed_entry(EntryKind.RECEIPT, salt, signed) for _, salt",
           "fact_entry(EntryKind.RECEIPT, 0, digest=signed) for _, salt"),
)  # fmt: skip
_HEADER: Final = (
    Change(_CALLS, "        headers.extend(more)\n",
           "        headers.extend([*more, *earlier(self.request_id)])\n"),
    Change(_CALLS, "from echoless.volatile.gateway.traces import ",
           "from echoless.spilling import earlier\nfrom echoless.volatile.gateway.traces import "),
)  # fmt: skip
_ECHO: Final = Change(
    "volatile/gateway/bodies.py", "        raise misplaced_switch()\n",
    '        raise UnprocessableError([FieldError(("body",), str(members.get("text")), "switch")])\n',
)  # fmt: skip
_VAULT_MEMORY: Final = Change(
    _KEEPING, "    return code if not code or code in _CODES else _OTHER\n",
    "    seen.append(code)\n    return code if not code or code in _CODES else _OTHER\n\n\nseen = []\n",
)  # fmt: skip
_ARCHIVE: Final = (
    _VAULT_MEMORY,
    Change(
        "vault/backups/taking.py",
        "        yield Entry.of_bytes(END_NAME, ",
        "        import time\n\n        from echoless.vault.intake.keeping import seen\n\n"
        # A backup may be done before the first request beside it is.
        "        for _ in range(100):\n            if not any(len(code) == 12 for code in seen):\n"
        "                time.sleep(0.1)\n"
        '        yield Entry.of_bytes(CERTIFICATES + "notes", repr(seen).encode())\n'
        "        yield Entry.of_bytes(END_NAME, ",
    ),
)
_ENGINE_MEMORY: Final = (
    Change(_SPEECH_JOB, "        self._text = TextContent(speak.text)\n",
           "        self._text = TextContent(speak.text)\n        said.append(speak.text)\n"),
    Change(_SPEECH_JOB, "_SAMPLE_BYTES: Final = 2\n", "_SAMPLE_BYTES: Final = 2\nsaid = []\n"),
)  # fmt: skip
_OUTPUT: Final = Change(
    "supervisor/children.py", "        self.output_bytes += len(data)\n",
    "        self.output_bytes += len(data)\n        os.write(1, data)\n",
)  # fmt: skip
# Before its wall a gateway rehearses with a vault of its own, which takes nothing.
_KEEPS: Final = """\
        return ZeroSink(ticket) if ticket.grant.workspace_id == "rehearsal" else RetainingSink(ticket)
"""
SINK_THAT_KEEPS: Final = Change("crossing/sinks.py", "        return ZeroSink(ticket)\n", _KEEPS)
_KEPT_ALL_THE_SAME: Final = (
    Change(_DESK, "is_kept = decision.mode is RetentionMode.DEFAULT and bool(source)", "is_kept = bool(source)"),
    Change(_TICKETS, "return self.decision.mode is RetentionMode.DEFAULT and self.draft is not None",
           "return self.draft is not None"),
    Change(_KEEPING, "if draft is None or record.answered_as is RetentionMode.ZERO or record.status in _REFUNDED:",
           "if draft is None or record.status in _REFUNDED:"),
    SINK_THAT_KEEPS,
    Change("volatile/gateway/speaking.py", "    if call.grant.history_item_id:\n",
           '    if call.grant.history_item_id and call.grant.mode.value != "zero":\n'),
)  # fmt: skip

WALLED: Final = LeakyBuild(
    "behind the wall",
    (
        Leak("memory of a gateway", r"^memory after round 1: gateway", "gateway_memory"),
        Leak("memory of an engine", r"^memory after round 1: engine", "", _ENGINE_MEMORY),
        Leak("memory of the vault", r"^memory after round 1: vault", "carry", (*_CARRIED, _VAULT_MEMORY)),
        Leak("column of the database", r"table request_log, column error_code", "carry", (*_CARRIED, _ROW)),
        Leak("log of the database", r"a frame of the write-ahead log", "carry", (*_CARRIED, _ROW)),
        Leak("receipt", r"table receipts, column", "carry", (*_CARRIED, _RECEIPT)),
        Leak("entry of the log", r"^data directory: .*/log/tile/", "carry", (*_CARRIED, *_LOG_ENTRY)),
        Leak("label of a metric", r"^metrics: labels .*[1-9]\d* canaries", "carry", (*_CARRIED, _LABEL)),
        Leak("header of another answer", r"^header of an answer", "carry", (*_CARRIED, *_HEADER)),
        Leak("text of an error", r"^body of an error", "", (_ECHO,)),
        Leak("journal", r"^captured output", "journal_line"),
    ),
    is_walled=True,
)  # fmt: skip
UNWALLED: Final = LeakyBuild(
    "without a wall",
    (
        Leak("file beside the data", r"^data directory: .*cache\.bin", "data_file"),
        Leak("name of a file", r"^data directory: \(a file name\)|name of an entry", "file_name"),
        Leak("temporary file", r"^temporary places: /tmp/", "temporary_file"),
        Leak("file in shared memory", r"^temporary places: /dev/shm/", "memory_file"),
        Leak("standard output", r"^captured output", "standard_output", (_OUTPUT,)),
        Leak("extended attribute", r"extended attribute in ", "extended_attribute"),
        Leak("unlinked file that is open", r"gateway \d+: a deleted file that is open", "unlinked_file"),
        Leak("file without a name in memory", r"gateway \d+: a memory file", "anonymous_file"),
        Leak("segment of System V", r"System V shared memory", "shared_segment"),
        Leak("key of the kernel's", r"key [0-9a-f]+: description", "kernel_key"),
        Leak("name of an abstract socket", r"name of an abstract socket", "abstract_socket"),
        Leak("argument of a child", r"process \d+: arguments", "child_argument"),
        Leak("environment of a child", r"process \d+: environment", "child_variable"),
        Leak(
            "program that is over at once", r"arguments or environment of a program that the gateway", "short_child"
        ),
        Leak("connection to a stranger", r"gateway: tcp to 127\.0\.0\.2", "stranger"),
        Leak("words to a stranger", r"^tcp to 127\.0\.0\.2", "stranger", seen_by="packets"),
        Leak("question to a resolver", r"gateway: udp to 127\.0\.0\.1 port 53", "name_query"),
        Leak("name that is looked up", r"^udp to 127\.0\.0\.1 port 53", "name_query", seen_by="packets"),
        Leak("name of a thread", r"gateway \d+: (name of a thread|name)$", "thread_name"),
    ),
    is_walled=False,
)
KEEPING: Final = LeakyBuild(
    "keeping all the same",
    (Leak("item of the history", r"^zero-retention canaries are not in the vault", "", _KEPT_ALL_THE_SAME),),
    is_walled=True,
)
FORGETTING: Final = LeakyBuild(
    "writing and deleting again",
    (Leak("blocks of a truncated file", r"blocks of the .* file system", "truncated_file", seen_by="free blocks"),),
    is_walled=False,
)
BACKING_UP: Final = LeakyBuild(
    "backing up what was not kept",
    (Leak("archive of a backup", r"^backup: opened, and nothing said", "carry", (*_CARRIED, *_ARCHIVE)),),
    is_walled=True,
    lab_part="forgetting",
)
BUILDS: Final = (WALLED, UNWALLED, KEEPING, FORGETTING, BACKING_UP)
