"""What proofs take: signing receipts and entering them, and checking a large log. Needs no server.

Time is that of one core, as the process used it: signing runs beside the way of requests, on a core that others use
as well. Files are written as the vault writes them, but not forced to the disk, which is the disk's figure.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.entries import SALT_BYTES, EntryKind, committed_entry, fact_entry
from echoless.receipts.growing import append_entries
from echoless.receipts.log_check import check_log
from echoless.receipts.receipt import RECEIPT_KIND, Confinement, ProcessFacts, Receipt, Scrubbed
from echoless.receipts.signing import SEED_BYTES, StatementSigner, verify_statement

_BATCH: Final = 500
_STEP: Final = 65_536
_RECEIPTS_PER_S_MIN: Final = 5_000.0
_TREE_S_MAX: Final = 20.0
_MILLION: Final = 1_000_000
_ORIGIN: Final = "bench.invalid/log"
_ROLES: Final = ("vault", "gateway", "engine", "media")


def measure_proofs(options: BenchOptions, report: BenchReport) -> None:
    """Measure both, and how fast signatures are checked, which is stated apart."""
    with tempfile.TemporaryDirectory(prefix="echoless-bench-proof-") as name:
        signer = StatementSigner(secrets.token_bytes(SEED_BYTES))
        signed = _measure_issuing(options, report, signer, Path(name) / "receipts")
        _measure_signatures(report, signer, signed[: options.scaled(2_000, 500)])
        _measure_tree(options, report, Path(name) / "tree")


class _Files:
    """The files of a log, as the vault writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = Ed25519PrivateKey.generate()
        self.verifier = VerifierKey(_ORIGIN, self._key.public_key().public_bytes_raw())
        self.size = 0
        self.note = ""

    def append(self, entries: Sequence[bytes]) -> None:
        growth = append_entries(self.size, entries, self.fetch)
        for path, data in growth.files.items():
            place = self._folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        self.size = growth.size
        self.note = sign_checkpoint(Checkpoint(_ORIGIN, growth.size, growth.root), self._key)
        (self._folder / "checkpoint").write_text(self.note, encoding="utf-8")

    def fetch(self, path: str) -> bytes | None:
        place = self._folder / path
        return place.read_bytes() if place.exists() else None


def _measure_issuing(
    options: BenchOptions, report: BenchReport, signer: StatementSigner, folder: Path
) -> list[str]:
    count, signed = options.scaled(20_000, 4_000), list[str]()
    files = _Files(folder)
    statements = [_statement(number) for number in range(count)]
    began_s = time.process_time()
    for start in range(0, count, _BATCH):
        batch = signer.sign_all(RECEIPT_KIND, statements[start : start + _BATCH])
        salts = [secrets.token_bytes(SALT_BYTES) for _ in batch]
        entries = zip(salts, batch, strict=True)
        files.append([committed_entry(EntryKind.RECEIPT, salt, text) for salt, text in entries])
        signed += batch
        options.progress("receipts", (start + _BATCH) / count)
    rate = count / (time.process_time() - began_s)
    report.judge(
        "receipts signed and entered, one core", rate, "receipts/s", bound=_RECEIPTS_PER_S_MIN, side="at least"
    )
    return signed


def _measure_signatures(report: BenchReport, signer: StatementSigner, signed: Sequence[str]) -> None:
    began_s = time.process_time()
    for text in signed:
        verify_statement(RECEIPT_KIND, text, [signer.public_key])
    report.add(
        "signatures of receipts checked, one core", len(signed) / (time.process_time() - began_s), "receipts/s"
    )


def _measure_tree(options: BenchOptions, report: BenchReport, folder: Path) -> None:
    size, files = options.scaled(_MILLION, 50_000), _Files(folder)
    for start in range(0, size, _STEP):
        files.append(
            [fact_entry(EntryKind.BUILD, 0, number=str(start + at)) for at in range(min(_STEP, size - start))]
        )
        options.progress("growing a log", min(1.0, (start + _STEP) / size))
    began_s = time.monotonic()
    found = check_log(
        files.note, files.fetch, files.verifier, progress=lambda done: options.progress("checking a log", done)
    )
    seconds = (time.monotonic() - began_s) * _MILLION / size
    assert found.is_sound, "a log that was made here is sound"
    report.judge(
        "a log of 1,000,000 entries checked, without signatures", seconds, "s", bound=_TREE_S_MAX, side="at most"
    )


def _statement(number: int) -> dict[str, Any]:
    """Return a receipt as large as the usual ones."""
    facts = tuple(
        ProcessFacts(role, 2, has_no_new_privs=True, swap_kib=0, self_reported={"landlock": True, "wiping": True})
        for role in _ROLES
    )
    receipt = Receipt(
        request_id=f"{number:020d}", workspace_id="w" * 20, endpoint="POST /v1/text-to-speech/{voice}",
        product="text_to_speech", mode="zero", level="request", model_id="eleven_flash_v2_5",
        output_format="mp3_44100_128", characters=100, audio_ms=1_000, minute_unix=60 * number, http_status=200,
        error_code="", policy_version=1, policy_hash="0" * 64, build_hash="0" * 64,
        scrubbed=Scrubbed.AFTER_RESPONSE,
        confinement=Confinement("strict", is_init_on_free=True, swap_total_kib=0, processes=facts),
    )  # fmt: skip
    return receipt.statement()
