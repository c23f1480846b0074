"""(queries) The end of an account: the operator's acts, and certificates of accounts that are gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import (
    Census,
    CertificateKeyView,
    CertificateList,
    CertificateView,
    DeleteWorkspace,
    DeletionView,
    FindDeletion,
    GetCertificate,
    GetCertificateKey,
    KeepWorkspace,
    ListCertificates,
    TakeCensus,
)
from echoless.crossing.proof_records import Inclusion
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record, Refused
from echoless.vault.erasure.account import OPERATOR_WORD, AccountEraser
from echoless.vault.stores.census import count_orphans, count_rows
from echoless.vault.stores.deletions import AccountDeletion
from echoless.vault.stores.purging import count_orphaned_objects
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import OPERATOR

Act = Callable[[Any], Awaitable[Record]]
PlaceOf = Callable[[str], Awaitable[tuple[bytes, Inclusion | None]]]
"""Returns the salt of a certificate's entry in the transparency log, and where it is."""
DONE: Final = "done"


class AccountEnding:
    """Answers the operator about deletions of accounts."""

    def __init__(self, storage: Storage, eraser: AccountEraser, place_of: PlaceOf) -> None:
        self._storage = storage
        self._eraser = eraser
        self._place_of = place_of

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what the operator may ask."""
        return {
            DeleteWorkspace: self._delete,
            FindDeletion: self._find,
            KeepWorkspace: self._keep,
            TakeCensus: self._census,
            ListCertificates: self._list,
            GetCertificate: self.certificate,
            GetCertificateKey: self.key,
        }

    async def show(self, record: GetCertificate | GetCertificateKey) -> Record:
        """Answer anybody; a refusal is an answer too."""
        try:
            return await (self.certificate(record) if isinstance(record, GetCertificate) else self.key(record))
        except EcholessError as error:
            return Refused(code=error.code.value, message=error.public_description)

    async def certificate(self, record: GetCertificate) -> CertificateView:
        """Return a certificate.

        raises: EcholessError(NOT_FOUND)
        """
        found = await self._storage.read(lambda _: self._eraser.certificates.get(record.certificate_id))
        if found is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no certificate with this id.")
        salt, inclusion = await self._place_of(record.certificate_id)
        return CertificateView(found, salt, inclusion)

    async def key(self, _record: GetCertificateKey) -> CertificateKeyView:
        """Return the public key of certificates."""
        return CertificateKeyView(self._eraser.signer.public_key)

    async def _delete(self, record: DeleteWorkspace) -> DeletionView:
        deletion = await self._eraser.request(record.workspace_id, OPERATOR, OPERATOR_WORD)
        return deletion_view(deletion)

    async def _find(self, record: FindDeletion) -> DeletionView:
        deletion = self._eraser.find(record.deletion_id)
        if deletion is not None:
            return deletion_view(deletion)
        await self.certificate(GetCertificate(record.deletion_id))
        return DeletionView(record.deletion_id, "", DONE, 0)

    async def _keep(self, record: KeepWorkspace) -> Done:
        await self._eraser.cancel(record.workspace_id, OPERATOR)
        return Done()

    async def _census(self, record: TakeCensus) -> Census:
        await self._storage.writer.flush()
        writer, segments = self._storage.writer, self._storage.segments
        rows = await writer.run(lambda stores: count_rows(stores.vault, stores.keys, record.workspace_id))
        orphans = await writer.run(lambda stores: sum(count_orphans(stores.vault).values()))
        orphans += await self._storage.read(lambda reader: count_orphaned_objects(reader.vault, segments))
        return Census(rows, orphans)

    async def _list(self, _record: ListCertificates) -> CertificateList:
        return CertificateList(await self._storage.read(lambda _: self._eraser.certificates.ids()))


def deletion_view(deletion: AccountDeletion) -> DeletionView:
    """Return what is told of a deletion."""
    return DeletionView(deletion.deletion_id, deletion.workspace_id, deletion.state.value, deletion.due_unix)
