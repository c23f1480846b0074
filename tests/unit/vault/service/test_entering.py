"""What is no receipt comes into the log a moment after it was committed, or at the next start (C9, C54, C57)."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.account_records import CertificateView, DeleteWorkspace, GetCertificate
from echoless.crossing.control import VaultConfig
from echoless.crossing.operator_policy_records import OperatorSetPolicy
from echoless.receipts.entries import EntryKind
from echoless.receipts.growing import read_entries
from echoless.receipts.log_check import check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.placement import check_place
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.proof_log import ProofLog
from tests.fakes.gateway_double import GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z34")]


def own_id(vault: Vault) -> str:
    return next(iter(vault.administration.accounts.workspaces))


def kinds(log: ProofLog) -> list[str]:
    """What the entries are about, those on keys left out."""
    entries = read_entries(0, log.state.size, log.fetch)
    return [kind for kind in (json.loads(entry)["kind"] for entry in entries) if kind != "key"]


async def test_a_change_is_entered_by_the_loop_without_being_asked(vault: Vault) -> None:
    entering = vault.proving.entering
    loop = asyncio.get_running_loop().create_task(entering.run_for_ever())
    try:
        await vault.operate(OperatorSetPolicy(own_id(vault), is_enforced=True))
        async with asyncio.timeout(10):
            while (await entering.statements.page(own_id(vault), 1, None))[0].index is None:
                await asyncio.sleep(0.01)
    finally:
        loop.cancel()
    assert kinds(vault.proving.book.log) == ["build", "policy", "policy"]


async def test_a_build_is_entered_when_it_changes_and_only_then(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    for _ in range(2):
        async with open_vault(config, clock, journal) as vault:
            log = vault.proving.book.log
    assert kinds(log) == ["build", "policy"]
    async with open_vault(config, clock, journal) as vault:
        await vault.proving.entering.open("another-build")
        assert kinds(vault.proving.book.log) == ["build", "policy", "build"]
    # The older program again: that is a change, too.
    async with open_vault(config, clock, journal) as vault:
        assert kinds(vault.proving.book.log) == ["build", "policy", "build", "build"]


async def test_a_log_that_refuses_is_said_and_the_statement_waits(
    vault: Vault, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, "no")

    entering = vault.proving.entering
    with monkeypatch.context() as patched:
        patched.setattr(ProofLog, "append", refuse)
        await entering.close()
    assert Event.UNEXPECTED_ERROR in [event for event, _ in journal.events]
    await entering.close()
    assert (await entering.statements.page(own_id(vault), 1, None))[0].index == 3


async def test_the_certificate_of_a_deleted_account_is_in_the_log_and_can_be_proved_to_be(
    vault: Vault, gateway: GatewayDouble
) -> None:
    await vault.operate(OperatorSetPolicy(own_id(vault), is_enforced=True))
    await vault.proving.entering.close()
    workspace_id = own_id(vault)
    deletion = await vault.operate_alone(DeleteWorkspace(workspace_id))
    await vault.proving.entering.close()
    view = await gateway.ask(GetCertificate(deletion.deletion_id), CertificateView)
    assert view.inclusion is not None
    proof = [base64.b64encode(part).decode() for part in view.inclusion.proof]
    answer = {
        "salt": base64.b64encode(view.salt).decode(),
        "inclusion": {"index": view.inclusion.index, "checkpoint": view.inclusion.checkpoint, "proof": proof},
    }
    log = vault.proving.book.log
    assert check_place(EntryKind.ERASURE, view.certificate, answer, LogKeys(log.verifier)).index == 5
    # What the log said of the account before is still there, and nobody can say any more of whom it spoke.
    assert await vault.proving.entering.statements.page(workspace_id, 10, None) == []
    assert kinds(log) == ["build", "policy", "policy", "erasure"]
    entries = b"".join(read_entries(0, log.state.size, log.fetch))
    assert workspace_id.encode() not in entries
    assert check_log(log.note(), log.fetch, log.verifier).is_sound
