"""What the operator asks about the end of accounts."""

from __future__ import annotations

import pytest

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
from echoless.crossing.query_records import Done
from echoless.crossing.records import Refused
from echoless.receipts.certificate import verify_certificate
from echoless.vault.erasure.account import OWNER
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_an_operator_follows_a_deletion_to_its_certificate(vault: Vault) -> None:
    workspace_id = next(iter(vault.administration.accounts.workspaces))
    begun = await vault.operate(DeleteWorkspace(workspace_id))
    assert isinstance(begun, DeletionView)
    waiting = await vault.operate(FindDeletion(begun.deletion_id))
    assert isinstance(waiting, DeletionView)
    assert waiting.state == "waiting"
    await vault.jobs.run_due()
    done = await vault.operate(FindDeletion(begun.deletion_id))
    assert isinstance(done, DeletionView)
    assert done.state == "done"
    listed = await vault.operate(ListCertificates())
    assert listed == CertificateList([begun.deletion_id])
    shown = await vault.operate(GetCertificate(begun.deletion_id))
    key = await vault.operate(GetCertificateKey())
    assert isinstance(shown, CertificateView)
    assert isinstance(key, CertificateKeyView)
    assert verify_certificate(shown.certificate, key.members)["certificate_id"] == begun.deletion_id


async def test_what_does_not_exist_is_not_found(vault: Vault) -> None:
    for question in (FindDeletion("x" * 20), GetCertificate("../ledger"), KeepWorkspace("x" * 20)):
        assert isinstance(await vault.operate(question), Refused)


async def test_an_operator_keeps_what_an_owner_asked_to_delete(vault: Vault) -> None:
    workspace_id = next(iter(vault.administration.accounts.workspaces))
    await vault.account_eraser.request(workspace_id, "user", OWNER)
    assert await vault.operate(KeepWorkspace(workspace_id)) == Done()
    await vault.jobs.run_due()
    assert workspace_id in vault.administration.accounts.workspaces


async def test_a_census_counts_a_living_account_too(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.make("Something kept.")
    found = await vault.operate(TakeCensus(next(iter(vault.administration.accounts.workspaces))))
    assert isinstance(found, Census)
    assert (found.rows["history_items"], found.orphan_count) == (1, 0)


async def test_a_gateway_is_shown_a_certificate_without_a_ticket(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.ask(GetCertificate("x" * 20), Refused)
    assert (await gateway.ask(GetCertificateKey(), CertificateKeyView)).members["crv"] == "Ed25519"
