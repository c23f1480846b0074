"""Deleting many items."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.query_records import (
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
)
from echoless.crossing.records import Refused
from echoless.vault.erasure import bulk
from echoless.vault.erasure.bulk import JOB_KIND, NAMED_MAX, WAITING_MAX, Wanted
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.jobs import JobState
from tests.fakes.gateway_double import GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z25")]
ITEM = "GET /v1/history/{item}"


def workspace_of(vault: Vault) -> str:
    return next(iter(vault._storage.accounts.workspaces))


async def texts(gateway: GatewayDouble) -> list[str]:
    page = await gateway.question("GET /v1/history", ListHistory(1000), HistoryPage)
    return [item.text for item in page.items]


async def test_named_items_go_and_unknown_ids_are_nothing(vault: Vault, gateway: GatewayDouble) -> None:
    """Rows, objects and keys; ids of another workspace are unknown here."""
    first, second, third = [await gateway.make(f"words {index}") for index in range(3)]
    other, _, key = await vault.administration.create_workspace("other", "pro", is_entitled=False)
    theirs = await gateway.make("theirs", key=key)
    wanted = Wanted(item_ids=[first, third, first, theirs, "x" * 20, "no id at all"])
    job = await vault.bulk_eraser.begin(workspace_of(vault), "k", wanted)
    assert (job.state, job.done_count, job.total_count) == (JobState.DONE, 2, 2)
    assert await texts(gateway) == ["words 1"]
    assert set(vault._storage.segments.item_ids()) == {second, theirs}
    for item_id in (first, third):
        assert await vault._storage.read(lambda reader, i=item_id: reader.sealer(workspace_of(vault), i)) is None
    assert (await gateway.question(ITEM, GetHistoryItem(theirs), HistoryItemView, key=key)).text == "theirs"
    with pytest.raises(EcholessError):
        await vault.bulk_eraser.show(other.workspace_id, job.job_id)


async def test_filters_choose_and_what_is_made_later_stays(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP_ITEMS", 2)
    monkeypatch.setattr(bulk, "_FIRST_STEPS", 1)
    for index in range(5):
        await gateway.make(f"old {index}")
    clock.turn(100)
    await gateway.make("young")
    await gateway.transcribe(b"recording", b'{"text":"heard"}')
    before = clock.unix_ms() // 1000 - 50
    job = await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted(before_unix=before))
    assert (job.state, job.done_count, job.total_count) == (JobState.WAITING, 2, 5)
    clock.now_ms -= 1_000_000
    await gateway.make("made while it runs, by a clock that went back")
    await vault.jobs.run_due()
    done = await vault.bulk_eraser.show(workspace_of(vault), job.job_id)
    assert (done.state, done.done_count) == (JobState.DONE, 5)
    assert await texts(gateway) == ["made while it runs, by a clock that went back", "young"]
    everything = await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted())
    await vault.jobs.run_due()
    assert (await vault.bulk_eraser.show(workspace_of(vault), everything.job_id)).done_count == 2
    assert len(set(vault._storage.segments.item_ids())) == 1, "transcripts are none of the history"


async def test_an_empty_list_of_names_that_exist_deletes_nothing(vault: Vault, gateway: GatewayDouble) -> None:
    """Ids that are none must not turn a deletion of named items into one of all."""
    await gateway.make("words")
    job = await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted(item_ids=["no id"]))
    assert (job.state, job.total_count, job.done_count) == (JobState.DONE, 0, 0)
    assert await texts(gateway) == ["words"]


async def test_a_new_process_goes_on_deleting(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP_ITEMS", 2)
    monkeypatch.setattr(bulk, "_FIRST_STEPS", 1)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        for index in range(7):
            await gateway.make(f"words {index}")
        job = await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted())
        assert job.done_count == 2
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert [each.done_count for each in vault.jobs.waiting(JOB_KIND)] == [2]
        await vault.jobs.run_due()
        assert await texts(gateway) == []
        assert list(vault._storage.segments.item_ids()) == []
        assert (await vault.bulk_eraser.show(workspace_of(vault), job.job_id)).done_count == 7


async def test_a_page_is_read_while_many_are_deleted_and_shows_nothing_that_is_gone(
    vault: Vault, gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP_ITEMS", 1)
    monkeypatch.setattr(bulk, "_FIRST_STEPS", 1)
    ids = [await gateway.make(f"words {index}") for index in range(4)]
    await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted())
    await gateway.question(ITEM, GetHistoryItem(ids[0]), Refused)
    assert await texts(gateway) == ["words 3", "words 2", "words 1"]
    await vault.jobs.run_due()
    assert await texts(gateway) == []


async def test_a_deletion_of_many_is_one_act_on_the_trail_and_holds_no_words(
    vault: Vault, gateway: GatewayDouble
) -> None:
    await gateway.make("words")
    job = await vault.bulk_eraser.begin(workspace_of(vault), "the_key", Wanted())
    trail = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(1), AuditEntries)
    (act,) = trail.entries
    assert (act.activity, act.actor_id, act.target_id) == ("history.delete_many", "the_key", job.job_id)


async def test_bounds(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EcholessError) as caught:
        await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted(item_ids=["x"] * (NAMED_MAX + 1)))
    assert caught.value.param == "history_item_ids"
    monkeypatch.setattr(bulk, "_FIRST_STEPS", 0)
    for _ in range(WAITING_MAX):
        await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted())
    with pytest.raises(EcholessError) as caught:
        await vault.bulk_eraser.begin(workspace_of(vault), "k", Wanted())
    assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
