"""A receipt is signed once its request was closed and its memory wiped, and claims no more than is known (T46)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.link import Link
from echoless.receipts.receipt import Confinement, Receipt, Scrubbed
from echoless.vault.intake import receipting
from echoless.vault.intake.receipting import HANDLED_S, PATIENCE_S, Ended, Receipting
from echoless.vault.intake.tickets import Ticket
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ONE, OTHER = cast(Link, object()), cast(Link, object())
WALL = Confinement("strict", True, 0, ())


class Desk:
    """A receipting, and what it had signed."""

    def __init__(self) -> None:
        self.signed: list[Receipt] = []
        self.clock = TurnedClock()
        self.fails = False
        self.while_failing: Callable[[], None] = lambda: None
        self.journal = MemoryJournal()
        self.receipting = Receipting(
            issue=self._issue, confinement=lambda: WALL, build_hash="build", clock=self.clock, journal=self.journal,
        )  # fmt: skip

    async def _issue(self, receipts: Sequence[Receipt]) -> None:
        if self.fails:
            self.while_failing()
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "the vault could not write")
        self.signed += receipts

    def end(self, name: str, link: Link = ONE, mode: str = "zero") -> None:
        self.receipting.ended(ticket(name, link), Ended(mode, 200, "", 12_345))

    async def found(self) -> dict[str, Scrubbed]:
        await self.receipting.issue_ready()
        return {receipt.request_id: receipt.scrubbed for receipt in self.signed}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ticket(name: str, link: Link) -> Ticket:
    made: Any = SimpleNamespace(
        request_id=name, link=link, caller=SimpleNamespace(workspace_id="w"), model_id="m", output_format="f",
        policy_hash="policy of its start",
        endpoint=SimpleNamespace(name="POST /x", product=SimpleNamespace(value="text_to_speech")), characters=117,
        decision=SimpleNamespace(level=SimpleNamespace(value="request")), started_ms=1_700_000_099_999,
        policy_version=4,
    )  # fmt: skip
    return cast(Ticket, made)


async def test_nothing_is_signed_before_the_memory_was_wiped(desk: Desk) -> None:
    desk.end("a")
    assert await desk.found() == {}
    # The handler of a request that was closed this moment may still hold its text.
    desk.receipting.scrubbed(ONE)
    assert await desk.found() == {}
    desk.clock.turn(HANDLED_S)
    desk.receipting.scrubbed(OTHER)
    assert await desk.found() == {}
    desk.receipting.scrubbed(ONE)
    assert await desk.found() == {"a": Scrubbed.AFTER_RESPONSE}
    assert desk.receipting.pending_count == 0


async def test_a_gateway_that_is_gone_or_silent_confirms_nothing(desk: Desk) -> None:
    desk.end("gone", OTHER)
    desk.end("silent")
    desk.receipting.link_closed(OTHER)
    assert await desk.found() == {"gone": Scrubbed.NOT_CONFIRMED}
    desk.clock.turn(PATIENCE_S - 1)
    desk.receipting.expire()
    assert "silent" not in await desk.found()
    desk.clock.turn(1)
    desk.receipting.expire()
    assert (await desk.found())["silent"] is Scrubbed.NOT_CONFIRMED


async def test_what_is_signed_is_coarse_and_of_this_request(desk: Desk) -> None:
    desk.end("a", mode="default")
    await desk.receipting.close()
    (receipt,) = desk.signed
    assert (receipt.characters, receipt.audio_ms, receipt.minute_unix) == (100, 10_000, 1_700_000_040)
    assert (receipt.mode, receipt.level, receipt.policy_hash) == ("default", "request", "policy of its start")
    assert (receipt.build_hash, receipt.confinement, receipt.policy_version) == ("build", WALL, 4)


async def test_a_store_that_fails_is_tried_again_and_only_its_end_loses_receipts(desk: Desk) -> None:
    desk.end("a")
    desk.receipting.link_closed(ONE)
    desk.fails = True
    for _ in range(3):
        assert await desk.receipting.issue_ready() == 0
    assert (desk.receipting.lost_count, desk.receipting.pending_count) == (0, 1)
    # Said once, not every second.
    assert len(desk.journal.events) == 1
    desk.fails = False
    assert (await desk.found()).keys() == {"a"}
    desk.end("b")
    desk.fails = True
    await desk.receipting.close()
    assert (desk.receipting.lost_count, desk.receipting.pending_count) == (1, 0)
    assert len(desk.journal.events) == 2


async def test_a_workspace_that_is_deleted_while_its_receipt_fails_gets_none_later(desk: Desk) -> None:
    desk.end("a")
    desk.receipting.link_closed(ONE)
    desk.fails = True
    desk.while_failing = lambda: desk.receipting.forget_workspace("w")
    await desk.receipting.issue_ready()
    desk.fails = False
    assert await desk.found() == {}
    assert desk.receipting.pending_count == 0


async def test_those_that_wait_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipting, "_WAITING_MAX", 2)
    for name in "abc":
        desk.end(name)
    assert (desk.receipting.pending_count, desk.receipting.lost_count) == (2, 1)
