"""Deletions of accounts as they are stored while they run, and the certificates that are left of them.

A certificate is a file beside the erasure ledger, outside the databases: no restored copy takes it away, and
nothing of the account is needed to read it. It has ids, times and counts by class, signed; no e-mail address, no
name, no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from echoless.core.ids import is_opaque_id
from echoless.vault.stores import schema
from echoless.vault.stores.directory import DataDirectory, sync_folder, write_whole
from echoless.vault.stores.writing import Row

_TABLE: Final = schema.account_deletions
_SUFFIX: Final = ".jws"


class DeletionState(StrEnum):
    """How far a deletion is. From ERASING on there is no way back."""

    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    ERASING = "erasing"


@dataclass(frozen=True, slots=True)
class AccountDeletion:
    """One deletion.

    requested_by: `owner` or `operator`
    due_unix:     when it begins; of an unconfirmed one, when its code ends
    code_digest:  of the code that confirms it; None once it is confirmed
    code_tries:   how many wrong codes may still be given
    counts:       rows by class when erasing began
    """

    deletion_id: str
    workspace_id: str
    state: DeletionState
    requested_by: str
    requested_unix: int
    due_unix: int
    began_unix: int = 0
    code_digest: bytes | None = field(default=None, repr=False)
    code_tries: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


def deletion_row(deletion: AccountDeletion) -> Row:
    """Return the row of a deletion."""
    row = {name: getattr(deletion, name) for name in AccountDeletion.__slots__}
    return row | {"state": deletion.state.value, "counts": dict(deletion.counts)}


def load_deletions(vault: sa.Connection) -> list[AccountDeletion]:
    """Return all deletions, the oldest first."""
    statement = sa.select(_TABLE).order_by(_TABLE.c.requested_unix, _TABLE.c.deletion_id)
    with vault.begin():
        rows = [dict(row) for row in vault.execute(statement).mappings()]
    return [AccountDeletion(**{**row, "state": DeletionState(row["state"])}) for row in rows]


def remove_deletions(vault: sa.Connection, workspace_id: str) -> None:
    """Remove what was asked for about a workspace."""
    with vault.begin():
        vault.execute(sa.delete(_TABLE).where(_TABLE.c.workspace_id == workspace_id))


class Certificates:
    """The folder of certificates."""

    def __init__(self, directory: DataDirectory) -> None:
        self._folder: Path = directory.ledger.parent / "certificates"

    def put(self, certificate_id: str, certificate: str) -> str:
        """Keep a certificate, durably; one that is there stays as it is. Return the one that is there now."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._folder.parent)
        path = self._folder / (certificate_id + _SUFFIX)
        if not path.exists():
            write_whole(path, certificate.encode("ascii"))
        return path.read_text("ascii")

    def get(self, certificate_id: str) -> str | None:
        """Return a certificate, or None."""
        if not is_opaque_id(certificate_id):
            return None
        try:
            return (self._folder / (certificate_id + _SUFFIX)).read_text("ascii")
        except FileNotFoundError:
            return None

    def ids(self) -> list[str]:
        """Return the ids of all certificates."""
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.iterdir() if path.suffix == _SUFFIX)
