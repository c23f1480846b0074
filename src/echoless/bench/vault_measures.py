"""What the vault alone takes: tickets, a page of the history, the deletion of a large account.

Tickets are measured twice: while nothing else happens, and while a large account is deleted and a backup is taken
of everything. Every ticket is a whole round trip over a socket between two processes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from echoless.bench.figures import percentile
from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport
from echoless.bench.vault_filling import Filling, fill
from echoless.bench.vault_process import Asker, VaultProcess
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.processes import forget_peak, peak_resident_bytes, resident_bytes
from echoless.crossing.account_records import DeleteWorkspace, DeletionView, FindDeletion
from echoless.crossing.backup_records import AskBackup, BackupState, RunBackup
from echoless.crossing.control import BackupRules, VaultConfig
from echoless.crossing.operator_records import CreateWorkspace, ListWorkspaces, WorkspaceCreated, WorkspaceList
from echoless.crossing.query_records import HistoryPage, ListHistory
from echoless.crossing.records import (
    KIND_KEEP_AUDIO,
    CloseStatus,
    CloseTicket,
    KeepText,
    OpenTicket,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
)
from echoless.crossing.wire import encode_frame
from echoless.retention.decision import Switch

WHOLE: Final = Filling(key_count=10_000, item_count=900_000, doomed_count=100_000)
QUICK: Final = Filling(key_count=1_000, item_count=45_000, doomed_count=5_000)
_TTS: Final = "POST /v1/text-to-speech/{voice}"
_VOICE: Final = "JBFqnCBsd6RMkjVDRZzb"
_PAGE: Final = 100
_MADE: Final = 300
_TICKETS: Final = 5_000
_PAGES: Final = 50
# A ticket a millisecond or so: many, but no flood that would measure its own queue.
_PAUSE_S: Final = 0.001
_MIB: Final = 1024 * 1024
_GROWTH_MIB_MAX: Final = 64.0
_ENDED: Final = CloseTicket(
    status=CloseStatus.DONE, http_status=200, error_code="", audio_ms=0, audio_bytes=0, duration_ms=1
)


def measure_vault(options: BenchOptions, report: BenchReport) -> None:
    """Fill a directory of its own, and measure a vault on it."""
    filling = QUICK if options.is_quick else WHOLE
    with tempfile.TemporaryDirectory(prefix="echoless-bench-vault-") as name:
        place = Path(name)
        config = _config(place)
        options.progress("filling", 0.0)
        began_s = time.monotonic()
        vault = VaultProcess.start(config, place / "door")
        try:
            key, workspace_id, doomed_id = vault.first_key, *_two_workspaces(vault)
        finally:
            vault.stop()
        fill(place / "data", workspace_id, doomed_id, filling)
        report.add("vault: seconds to fill", time.monotonic() - began_s, "s")
        report.add("vault: history items", filling.item_count + filling.doomed_count, "")
        began_s = time.monotonic()
        vault = VaultProcess.start(config, place / "door")
        report.add("vault: seconds to serve at that size", time.monotonic() - began_s, "s")
        try:
            with vault.gateway() as gateway, vault.operator() as operator:
                _Trial(vault, gateway, operator, key=key, options=options, report=report).run(doomed_id)
        finally:
            vault.stop()


class _Trial:
    """The measurements on one vault."""

    def __init__(
        self, vault: VaultProcess, gateway: Asker, operator: Asker, *, key: str, options: BenchOptions,
        report: BenchReport,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._gateway = gateway
        self._operator = operator
        self._key = key
        self._options = options
        self._report = report

    def run(self, doomed_id: str) -> None:
        for _ in range(_MADE):
            self._make_item()
        quiet = self._tickets(lambda count: count < self._options.scaled(_TICKETS, 500))
        self._judge_tickets("vault: ticket", quiet)
        self._pages()
        self._under_load(doomed_id)

    def _under_load(self, doomed_id: str) -> None:
        """Ask for tickets while an account is deleted and a backup is taken."""
        pid = self._vault.process.pid
        forget_peak(pid)
        before = resident_bytes(pid)
        state = self._operator.ask(RunBackup(), BackupState)
        deletion = self._operator.ask(DeleteWorkspace(doomed_id), DeletionView)
        began_s = looked_s = time.monotonic()
        deleted_s = backed_up_s = 0.0

        def is_under_way(_count: int) -> bool:
            nonlocal looked_s, deleted_s, backed_up_s
            now_s = time.monotonic()
            if now_s - looked_s > 0.5:
                looked_s = now_s
                if not deleted_s and self._state_of(deletion.deletion_id) == "done":
                    deleted_s = now_s - began_s
                backup = self._operator.ask(AskBackup(), BackupState)
                if not backed_up_s and not backup.is_busy and backup.run_count > state.run_count:
                    backed_up_s = now_s - began_s
            return not (deleted_s and backed_up_s)

        loaded = self._tickets(is_under_way)
        self._judge_tickets("vault: ticket under a deletion and a backup", loaded)
        self._report.add("vault: seconds to delete the large account", deleted_s, "s")
        self._report.add("vault: seconds to back up meanwhile", backed_up_s, "s")
        grown = (peak_resident_bytes(pid) - before) / _MIB
        name = "vault: growth of memory by that deletion and backup"
        self._report.judge(name, grown, "MiB", bound=_GROWTH_MIB_MAX, side="at most")

    def _tickets(self, goes_on: Callable[[int], bool]) -> list[float]:
        """Open and close tickets as long as told; return how long each took to be granted, in ms."""
        question = OpenTicket(_TTS, self._key, Switch.LOGGING_OFF, _VOICE)
        times: list[float] = []
        while goes_on(len(times)):
            began_s = time.perf_counter()
            granted = self._gateway.ask(question, TicketGranted)
            times.append((time.perf_counter() - began_s) * 1000)
            self._gateway.tell(_ENDED, granted.ticket_id)
            time.sleep(_PAUSE_S)
        return times

    def _judge_tickets(self, name: str, times: list[float]) -> None:
        if not times:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "no ticket was granted in time to be measured")
        self._report.add(f"{name}: how many", len(times), "")
        self._report.judge(f"{name}, median", percentile(times, 0.5), "ms", bound=0.5, side="at most")
        self._report.judge(f"{name}, p99", percentile(times, 0.99), "ms", bound=5.0, side="at most")

    def _pages(self) -> None:
        """Read pages of a hundred items, the newest, which the vault opens one by one."""
        times = []
        for _ in range(_PAGES):
            granted = self._gateway.ask(OpenTicket("GET /v1/history", self._key, Switch.ABSENT, ""), TicketGranted)
            began_s = time.perf_counter()
            page = self._gateway.ask(ListHistory(page_size=_PAGE), HistoryPage, granted.ticket_id)
            times.append((time.perf_counter() - began_s) * 1000)
            self._gateway.tell(_ENDED, granted.ticket_id)
            if len(page.items) != _PAGE:
                raise EcholessError(ErrorCode.INTERNAL_ERROR, "a page is not whole")
        name = "vault: a page of 100 items"
        self._report.judge(f"{name}, median", percentile(times, 0.5), "ms", bound=30.0, side="at most")

    def _make_item(self) -> None:
        """Have one item kept, as a gateway does."""
        granted = self._gateway.ask(OpenTicket(_TTS, self._key, Switch.ABSENT, _VOICE), TicketGranted)
        ticket = TicketId(granted.ticket_id)
        units = ReserveUnits("eleven_multilingual_v2", "mp3_44100_128", 40)
        self._gateway.ask(units, UnitsReserved, ticket)
        self._gateway.tell(KeepText("A sentence of forty letters, more or less", {}, None), ticket)
        self._gateway.tell_content(encode_frame(KIND_KEEP_AUDIO, bytes(2048), is_content=True, ticket=ticket))
        if not self._gateway.ask(_ENDED, TicketClosed, ticket).is_kept:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "an item was not kept")

    def _state_of(self, deletion_id: str) -> str:
        return self._operator.ask(FindDeletion(deletion_id), DeletionView).state


def _two_workspaces(vault: VaultProcess) -> tuple[str, str]:
    with vault.operator() as operator:
        first = operator.ask(ListWorkspaces(), WorkspaceList).workspaces[0].workspace_id
        return first, operator.ask(CreateWorkspace("doomed", "enterprise", True), WorkspaceCreated).workspace_id


def _config(place: Path) -> VaultConfig:
    from pyrage import x25519

    rules = BackupRules(
        archives_directory=str(place / "archives"), keys_directory=str(place / "backup-keys"),
        recipients=str(x25519.Identity.generate().to_public()), interval_s=0, days=30, is_shredded_at_once=False,
    )  # fmt: skip
    config = VaultConfig(
        name="vault", is_audit_view=False, assurance="best_effort", data_directory=str(place / "data"),
        bootstrap_api_key="", durability="process", unknown_voice="error", voice_aliases={},
        concurrent_requests_max=10_000, queue_deadline_s=10.0, request_log_days=90,
    )  # fmt: skip
    return msgspec.structs.replace(config, backups=rules)
