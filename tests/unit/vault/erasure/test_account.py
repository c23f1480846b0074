"""Deleting whole accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.account_records import Census, DeleteWorkspace, DeletionView, FindDeletion, TakeCensus
from echoless.crossing.control import VaultConfig
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.crossing.query_records import CreateServiceAccount, ServiceAccountView
from echoless.crossing.records import OpenTicket, Refused, UnitsReserved
from echoless.receipts.certificate import verify_certificate
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.erasure.account import OPERATOR_WORD, OWNER
from echoless.vault.erasure.jobs import Jobs
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.deletions import DeletionState
from tests.fakes.gateway_double import KEY, ON_FILES, TTS, VOICE, GatewayDouble, TurnedClock, closing

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DAY_S = 86_400


async def made(vault: Vault) -> WorkspaceCreated:
    """A second workspace, which must not lose anything."""
    answer = await vault.operate(CreateWorkspace("second", "enterprise", True))
    assert isinstance(answer, WorkspaceCreated)
    return answer


def first_id(vault: Vault) -> str:
    return next(iter(vault.administration.accounts.workspaces))


async def fill(gateway: GatewayDouble, key: str = KEY) -> list[str]:
    """Something of much of what a workspace can have."""
    items = [await gateway.make(f"Number {number}.", b"sound" * 200, key=key) for number in range(3)]
    await gateway.question("POST /v1/service-accounts", CreateServiceAccount("robots"), ServiceAccountView, key=key)
    return items


async def delete(vault: Vault, workspace_id: str) -> str:
    """Delete as the operator does; return the certificate."""
    deletion = await vault.operate_alone(DeleteWorkspace(workspace_id))
    assert isinstance(deletion, DeletionView), deletion
    certificate = vault.account_eraser.certificates.get(deletion.deletion_id)
    assert certificate is not None
    return certificate


async def census(vault: Vault, workspace_id: str) -> Census:
    found = await vault.operate(TakeCensus(workspace_id))
    assert isinstance(found, Census)
    return found


@pytest.mark.claim("Z28")
@pytest.mark.seed("S27")
async def test_a_census_of_every_store_finds_nothing_of_a_deleted_account(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """C54, S27: rows, keys, objects, memory: nothing; another account loses nothing."""
    other, gone = await made(vault), first_id(vault)
    items = await fill(gateway)
    kept = await fill(gateway, other.secret)
    before = await census(vault, gone)
    assert before.rows["history_items"] == 3 <= before.rows["item_keys"]
    assert before.rows["workspaces"] == before.rows["workspace_keys"] == 1
    others = (await census(vault, other.workspace_id)).rows
    await delete(vault, gone)
    after = await census(vault, gone)
    assert set(after.rows.values()) == {0}
    assert after.orphan_count == 0
    assert (await census(vault, other.workspace_id)).rows == others
    segments = vault._storage.segments
    assert set(await vault._storage.writer.run(lambda _: set(segments.item_ids()))) == set(kept)
    assert not set(items) & set(kept)


@pytest.mark.claim("Z28")
@pytest.mark.seed("S27")
async def test_no_file_has_the_id_of_a_deleted_account_but_the_ledger_and_the_certificate(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        gone = first_id(vault)
        await made(vault)
        await fill(gateway)
        certificate = await delete(vault, gone)
    root = Path(config.data_directory)
    naming = [path for path in root.rglob("*") if path.is_file() and gone.encode() in path.read_bytes()]
    assert naming == [root / "erasure" / "ledger"]
    assert (root / "erasure" / "certificates").is_dir()
    assert gone not in certificate, "the certificate's own lines are encoded"


@pytest.mark.claim("Z28")
async def test_nothing_in_the_vaults_memory_names_a_deleted_account(vault: Vault, gateway: GatewayDouble) -> None:
    gone = first_id(vault)
    await made(vault)
    await fill(gateway)
    await gateway.open()
    assert list(paths_to(vault, gone))
    await delete(vault, gone)
    assert not list(paths_to(vault, gone))


def paths_to(root: object, text: str) -> list[str]:
    """Where a text can be reached from an object of ours."""
    found, seen, queue = [], set(), [(root, "vault")]
    while queue:
        thing, path = queue.pop()
        if isinstance(thing, str):
            if thing == text:
                found.append(path)
            continue
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        queue += [(part, f"{path}.{name}") for name, part in parts_of(thing)]
    return found


def parts_of(thing: Any) -> list[tuple[str, Any]]:
    if isinstance(thing, dict):
        return [(f"[{key!r}]", part) for pair in thing.items() for key, part in ((pair[0], pair[0]), pair)]
    if isinstance(thing, (list, tuple, set, frozenset)) or type(thing).__name__ == "deque":
        return [("[]", part) for part in thing]
    if not type(thing).__module__.startswith("echoless"):
        return []
    names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    names += list(getattr(thing, "__dict__", {}))
    return [(name, getattr(thing, name, None)) for name in names]


@pytest.mark.claim("Z28")
@pytest.mark.seed("S28")
async def test_the_certificate_lists_what_was_destroyed_by_class_and_count(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    """C54: no more than classes, counts, ids and times; and what backups still hold ends with a date."""
    gone = first_id(vault)
    await fill(gateway)
    statement = verify_certificate(await delete(vault, gone), vault.account_eraser.signer.public_key)
    assert statement["workspace_id"] == gone
    assert statement["requested_by"] == OPERATOR_WORD
    assert statement["destroyed"]["history"] == 3
    assert statement["destroyed"]["content_keys"] >= 3
    assert statement["destroyed"]["api_keys"] == 1
    assert statement["destroyed"]["service_accounts"] == 2
    assert statement["destroyed"]["workspace_keys"] == 1
    assert statement["remaining"] == 0
    assert statement["backups_expire_unix"] - statement["finished_unix"] == 30 * DAY_S
    assert statement["finished_unix"] >= statement["began_unix"] >= statement["requested_unix"]


@pytest.mark.claim("Z28")
async def test_a_key_of_a_deleted_account_is_as_unknown_as_a_random_one(
    vault: Vault, gateway: GatewayDouble
) -> None:
    await delete(vault, first_id(vault))
    refusals = [
        await gateway.ask(OpenTicket(TTS, key, Switch.ABSENT, VOICE), Refused) for key in (KEY, "sk_" + "f" * 48)
    ]
    assert len({(each.code, each.message, each.param, each.mode) for each in refusals}) == 1
    assert refusals[0].code == ErrorCode.INVALID_API_KEY.value


async def test_a_workspace_that_does_not_exist_is_not_deleted(vault: Vault) -> None:
    assert isinstance(await vault.operate(DeleteWorkspace("x" * 20)), Refused)
    gone = first_id(vault)
    await delete(vault, gone)
    assert isinstance(await vault.operate(DeleteWorkspace(gone)), Refused)


# --- the waiting period ---


@pytest.fixture
def waiting(config: VaultConfig) -> VaultConfig:
    import msgspec

    return msgspec.structs.replace(config, account_deletion_wait_days=7)


@pytest.mark.claim("Z28")
async def test_an_owners_deletion_waits_and_can_be_taken_back_until_it_begins(
    waiting: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(waiting, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        workspace_id = first_id(vault)
        item_id = await gateway.make("Still wanted.")
        eraser = vault.account_eraser
        deletion = await eraser.request(workspace_id, "user", OWNER)
        assert deletion.due_unix - deletion.requested_unix == 7 * DAY_S
        clock.turn(6 * DAY_S)
        await vault.jobs.run_due()
        assert await gateway.make("In the meantime all is as before.")
        await eraser.cancel(workspace_id, "user")
        clock.turn(30 * DAY_S)
        await vault.jobs.run_due()
        assert (await census(vault, workspace_id)).rows["history_items"] == 2
        assert item_id
        with pytest.raises(EcholessError):
            await eraser.cancel(workspace_id, "user")


@pytest.mark.claim("Z28")
async def test_a_deletion_begins_after_its_waiting_period_also_in_the_next_process(
    waiting: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(waiting, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        workspace_id = first_id(vault)
        await made(vault)
        await fill(gateway)
        deletion = await vault.account_eraser.request(workspace_id, "user", OWNER)
    clock.turn(7 * DAY_S + 1)
    async with open_vault(waiting, clock, journal) as vault:
        assert vault.account_eraser.requests[workspace_id].state is DeletionState.WAITING
        await vault.jobs.run_due()
        assert set((await census(vault, workspace_id)).rows.values()) == {0}
        assert vault.account_eraser.certificates.ids() == [deletion.deletion_id]


@pytest.mark.claim("Z28")
async def test_a_clock_that_goes_back_brings_no_deletion_forward(
    waiting: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(waiting, clock, journal) as vault:
        workspace_id = first_id(vault)
        await vault.account_eraser.request(workspace_id, "user", OWNER)
        clock.now_ms -= 400 * DAY_S * 1000
        await vault.jobs.run_due()
        clock.turn(6 * DAY_S)
        await vault.jobs.run_due()
        assert workspace_id in vault.administration.accounts.workspaces


# --- a copy from before ---


@pytest.mark.claim("Z28")
@ON_FILES
async def test_a_restored_copy_brings_no_deleted_account_back(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """C52: the ledger outlives the databases; what a copy has of the account goes before anybody asks."""
    root = Path(config.data_directory)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        gone, other = first_id(vault), await made(vault)
        await fill(gateway)
        await fill(gateway, other.secret)
    saved = {name: (root / name).read_bytes() for name in ("vault.sqlite", "keys.sqlite")}
    async with open_vault(config, clock, journal) as vault:
        await delete(vault, gone)
    for name, data in saved.items():
        (root / name).write_bytes(data)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert set((await census(vault, gone)).rows.values()) == {0}
        assert (await census(vault, other.workspace_id)).rows["history_items"] == 3
        await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused)
        assert await gateway.make("The other goes on.", key=other.secret)


# --- killed in the middle ---


class Killed(Exception):
    """Stands for a process that ends here."""


@pytest.mark.claim("Z28")
@pytest.mark.parametrize("after_steps", range(9))
async def test_a_deletion_goes_on_in_the_next_process_wherever_it_was_killed(
    config: VaultConfig,
    clock: TurnedClock,
    journal: MemoryJournal,
    monkeypatch: pytest.MonkeyPatch,
    after_steps: int,
) -> None:
    """C54: after each step of the writer's thread the process ends; the next one finishes, and nobody gets in."""
    vault_of_kill = open_vault(config, clock, journal)
    vault = await vault_of_kill.__aenter__()
    gone = first_id(vault)
    other = await made(vault)
    async with GatewayDouble.connected(vault) as gateway:
        await fill(gateway)
        await fill(gateway, other.secret)
    deletion = await vault.account_eraser.request(gone, "operator", OPERATOR_WORD)
    run, left = vault._storage.writer.run, [after_steps]

    async def run_some(step: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return await run(step)

    monkeypatch.setattr(vault._storage.writer, "run", run_some)
    monkeypatch.setattr(Jobs, "_put_off", _stop)
    with pytest.raises(Killed):
        while True:
            await vault.jobs._run_step(deletion.deletion_id)
    monkeypatch.undo()
    await vault_of_kill.__aexit__(None, None, None)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        if after_steps:
            await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused)
        await vault.jobs.run_due()
        found = await census(vault, gone)
        assert (set(found.rows.values()), found.orphan_count) == ({0}, 0)
        assert (await census(vault, other.workspace_id)).rows["history_items"] == 3
        assert vault.account_eraser.certificates.ids() == [deletion.deletion_id]
        assert isinstance(await vault.operate(FindDeletion(deletion.deletion_id)), DeletionView)


def _stop(_jobs: Jobs, _job: object) -> None:
    raise Killed


# --- what runs meanwhile ---


@pytest.mark.claim("Z28")
@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_OFF])
async def test_what_runs_of_a_deleted_account_is_revoked_and_neither_kept_nor_counted(
    vault: Vault, gateway: GatewayDouble, switch: Switch
) -> None:
    """C54: in both modes the ticket is gone; what a gateway still sends is refused and leaves no row."""
    gone = first_id(vault)
    await made(vault)
    granted = await gateway.open(switch=switch)
    assert granted.mode is (RetentionMode.DEFAULT if switch is Switch.ABSENT else RetentionMode.ZERO)
    await gateway.reserve(granted, 10, UnitsReserved)
    if granted.history_item_id:
        gateway.keep(granted, "Never finished.", b"sound" * 200_000)
    await delete(vault, gone)
    assert await gateway.revoked() == [granted.ticket_id]
    await gateway.reserve(granted, 10, Refused)
    await gateway.ask(closing(), Refused, granted.ticket_id)
    found = await census(vault, gone)
    assert (set(found.rows.values()), found.orphan_count) == ({0}, 0)


async def test_whoever_waits_for_a_place_is_refused_when_the_account_goes(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    import asyncio

    import msgspec

    narrow = msgspec.structs.replace(config, concurrent_requests_max=1)
    async with open_vault(narrow, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await gateway.open()
        waits = asyncio.ensure_future(gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused))
        while not vault.intake.waiting_count:
            await asyncio.sleep(0)
        await delete(vault, first_id(vault))
        assert (await waits).code == ErrorCode.INVALID_API_KEY.value
        assert not len(vault.intake.tickets)
