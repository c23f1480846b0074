"""Puts together what proves: keys, log, receipts. Part of the composition of the vault."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.build import build_hash
from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Journal
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.policy import policy_hash
from echoless.receipts.signing import SEED_BYTES, StatementSigner
from echoless.vault.intake.receipting import Receipting
from echoless.vault.queries.receipts import ReceiptQueries
from echoless.vault.service.walls import Walls
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.directory import DataDirectory, write_whole
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.receipt_book import ReceiptBook
from echoless.vault.stores.storage import Storage

_RECEIPT_KEY: Final = "receipts.key"
_LOG_KEY: Final = "transparency_log.key"
_LOG_FOLDER: Final = "log"


class Proving:
    """Everything that signs: one key for receipts, one for the log."""

    def __init__(self, storage: Storage, walls: Walls, clock: Clock, journal: Journal, log_origin: str) -> None:
        directory = storage.directory
        signer = StatementSigner(_seed(directory, _RECEIPT_KEY))
        log_key = Ed25519PrivateKey.from_private_bytes(_seed(directory, _LOG_KEY))
        self._clock = clock
        self._build_hash = build_hash()
        self.book = ReceiptBook(storage, signer, ProofLog(directory.root / _LOG_FOLDER, log_origin, log_key))
        self.queries = ReceiptQueries(self.book)
        self.receipting = Receipting(
            issue=self.book.issue, confinement=walls.confinement,
            policy_hash=lambda workspace_id: _policy_hash_of(storage.accounts, workspace_id),
            build_hash=self._build_hash, clock=clock, journal=journal,
        )  # fmt: skip

    async def open(self) -> None:
        """Enter what a crash left out, and which program runs from now on."""
        await self.book.enter_left_over()
        now = self._clock.unix_ms() // 1000
        await self.book.append([fact_entry(EntryKind.BUILD, now, build_hash=self._build_hash)])


def _policy_hash_of(accounts: Accounts, workspace_id: str) -> str:
    workspace = accounts.workspaces[workspace_id]
    return policy_hash(
        {
            "tier": workspace.tier,
            "is_entitled": workspace.is_entitled,
            "is_enforced": workspace.is_enforced,
            "ineligible": workspace.ineligible.value,
            "is_restricted": workspace.is_restricted,
            "is_hipaa": workspace.is_hipaa,
            "conversation_rows": workspace.conversation_rows,
        }
    )


def _seed(directory: DataDirectory, name: str) -> bytes:
    path = directory.keys / name
    if not path.exists():
        write_whole(path, secrets.token_bytes(SEED_BYTES))
    seed = path.read_bytes()
    if len(seed) != SEED_BYTES:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the key file keys/{name} is damaged")
    return seed
