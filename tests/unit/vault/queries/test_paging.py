"""Pages of history."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.crossing.query_records import (
    AlignmentView,
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
    ReadItemAlignment,
)
from echoless.crossing.records import Refused, TicketClosed, UnitsReserved
from echoless.vault.queries import paging
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
HISTORY, ITEM = "GET /v1/history", "GET /v1/history/{item}"


async def page(gateway: GatewayDouble, record: ListHistory) -> tuple[list[str], bool]:
    found = await gateway.question(HISTORY, record, HistoryPage)
    return [item.text for item in found.items], found.has_more


async def test_pages_follow_each_other_to_the_end(gateway: GatewayDouble) -> None:
    ids = [await gateway.make(f"text {number}") for number in range(5)]
    assert await page(gateway, ListHistory(2)) == (["text 4", "text 3"], True)
    assert await page(gateway, ListHistory(2, ids[3])) == (["text 2", "text 1"], True)
    assert await page(gateway, ListHistory(2, ids[1])) == (["text 0"], False)
    assert await page(gateway, ListHistory(5)) == ([f"text {n}" for n in (4, 3, 2, 1, 0)], False)
    assert await page(gateway, ListHistory(2, is_ascending=True)) == (["text 0", "text 1"], True)


async def test_a_page_after_an_unknown_item_is_refused(gateway: GatewayDouble) -> None:
    refused = await gateway.question(HISTORY, ListHistory(2, "never"), Refused)
    assert (refused.code, refused.param) == (ErrorCode.HISTORY_ITEM_NOT_FOUND, "start_after_history_item_id")


async def test_pages_go_on_while_their_items_are_deleted(vault: Vault, gateway: GatewayDouble) -> None:
    """A client that lists and deletes names an item that is gone by then."""
    ids = [await gateway.make(f"text {number}") for number in range(5)]
    for item_id in (ids[4], ids[3], ids[0]):
        await gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(item_id), Done)
    assert await page(gateway, ListHistory(1, ids[3])) == (["text 2"], True)
    assert await page(gateway, ListHistory(5, ids[4])) == (["text 2", "text 1"], False)
    assert await page(gateway, ListHistory(5, ids[0], is_ascending=True)) == (["text 1", "text 2"], False)
    stranger = await vault.operate(CreateWorkspace("clinic", "pro", False))
    assert isinstance(stranger, WorkspaceCreated)
    refused = await gateway.question("GET /v1/history", ListHistory(5, ids[3]), Refused, key=stranger.secret)
    assert refused.code == ErrorCode.HISTORY_ITEM_NOT_FOUND


async def test_dates_narrow_a_page(gateway: GatewayDouble, clock: TurnedClock) -> None:
    for _ in range(3):
        await gateway.make(f"text at {clock.unix_ms() // 1000}")
        clock.turn(10)
    last = clock.unix_ms() // 1000 - 10
    assert (await page(gateway, ListHistory(5, date_after_unix=last)))[0] == [f"text at {last}"]
    assert len((await page(gateway, ListHistory(5, date_before_unix=last)))[0]) == 2


async def test_a_page_is_cut_where_the_frame_is_full_and_says_so(gateway: GatewayDouble) -> None:
    for number in range(4):
        await gateway.make(f"{number}" + "x" * 400_000)
    texts, has_more = await page(gateway, ListHistory(10))
    assert ([text[0] for text in texts], has_more) == (["3", "2"], True)


async def test_search_finds_newest_first_in_decrypted_text(gateway: GatewayDouble) -> None:
    for text in ("A red fox", "a dog", "Two RED apples"):
        await gateway.make(text)
    assert await page(gateway, ListHistory(10, search="red")) == (["Two RED apples", "A red fox"], False)
    assert await page(gateway, ListHistory(1, search="red")) == (["Two RED apples"], True)
    assert await page(gateway, ListHistory(10, search="cat")) == ([], False)


async def test_a_search_ends_with_its_budget_and_says_how_far_it_came(
    gateway: GatewayDouble, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "SEARCH_ITEMS_MAX", 2)
    for _ in range(3):
        await gateway.make("words")
        clock.turn(10)
    found = await gateway.question(HISTORY, ListHistory(10, search="nothing"), HistoryPage)
    assert (found.items, found.has_more) == ([], True)
    assert found.scanned_until_unix == clock.unix_ms() // 1000 - 20


async def test_an_item_shows_its_alignments_and_long_ones_in_runs(
    gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Aligned. " * 20
    granted = await gateway.open()
    await gateway.reserve(granted, len(text), UnitsReserved)
    gateway.keep(granted, text, b"audio")
    gateway.keep_alignment(granted, text)
    await gateway.close(granted, TicketClosed)
    view = await gateway.question(ITEM, GetHistoryItem(granted.history_item_id), HistoryItemView)
    assert view.alignment is not None
    assert ("".join(view.alignment.characters), view.alignment.start_s[16]) == (text, 1.0)
    assert view.normalized_alignment is None
    monkeypatch.setattr(paging, "_CHARACTER_BYTES_MAX", 1_000_000)
    monkeypatch.setattr(paging, "ALIGNMENT_RUN_CHARACTERS", 100)
    from echoless.vault.queries import reading

    monkeypatch.setattr(reading, "ALIGNMENT_RUN_CHARACTERS", 100)
    view = await gateway.question(ITEM, GetHistoryItem(granted.history_item_id), HistoryItemView)
    assert (view.alignment, view.alignment_characters) == (None, len(text))
    runs = [
        await gateway.question(ITEM, ReadItemAlignment(view.item_id, False, start), AlignmentView)
        for start in (0, 100, 200)
    ]
    assert [len(run.characters) for run in runs] == [100, 80, 0]
    assert "".join(character for run in runs for character in run.characters) == text


async def test_the_longest_alignment_fits_into_frames(gateway: GatewayDouble) -> None:
    """40,000 characters of the widest kind, whole or in runs, never over the limit of a frame."""
    text = "\U0001f600" * 40_000
    granted = await gateway.open()
    await gateway.reserve(granted, len(text), UnitsReserved)
    gateway.keep(granted, text, b"audio")
    for start in range(0, len(text), 10_000):
        gateway.keep_alignment(granted, text[start : start + 10_000])
        gateway.keep_alignment(granted, text[start : start + 10_000], is_normalized=True)
    await gateway.close(granted, TicketClosed)
    view = await gateway.question(ITEM, GetHistoryItem(granted.history_item_id), HistoryItemView)
    assert (view.alignment, view.alignment_characters, view.normalized_alignment_characters) == (
        None,
        40_000,
        40_000,
    )
    run = await gateway.question(ITEM, ReadItemAlignment(view.item_id, True, 30_000), AlignmentView)
    assert 1_000 < len(run.characters) <= paging.ALIGNMENT_RUN_CHARACTERS
