"""What the debug log holds of a request."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.ids import TicketId
from echoless.crossing.dialogue_records import INPUTS_MAX
from echoless.crossing.records import DialogueLine, KeepText, TicketClosed, UnitsReserved
from echoless.vault.service.vault import Vault
from echoless.vault.stores.log_entries import TEXT_CHARACTERS_MAX, LogContent, LogName, read_entries
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DIALOGUE = "POST /v1/text-to-dialogue"


async def newest(vault: Vault) -> LogContent | None:
    await vault._storage.writer.flush()
    workspace_id = next(iter(vault._storage.accounts.workspaces))
    found = await vault._storage.read(
        lambda reader: read_entries(reader, LogName.DEBUG, workspace_id, since_ms=0, count=1)
    )
    return found[0].content if found else None


async def test_a_long_text_is_cut_and_says_so(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.make("x" * TEXT_CHARACTERS_MAX)
    whole = await newest(vault)
    assert whole is not None
    assert (len(whole.text), whole.is_cut) == (TEXT_CHARACTERS_MAX, False)
    await gateway.make("y" * (TEXT_CHARACTERS_MAX + 1))
    cut = await newest(vault)
    assert cut is not None
    assert (cut.text, cut.is_cut) == ("y" * TEXT_CHARACTERS_MAX, True)


async def test_lines_of_a_dialogue_are_there_as_far_as_there_is_room(vault: Vault, gateway: GatewayDouble) -> None:
    granted = await gateway.open(DIALOGUE, voice_id="")
    lines = [DialogueLine("z" * (TEXT_CHARACTERS_MAX // 4), "v", "V") for _ in range(min(5, INPUTS_MAX))]
    gateway.link.post(KeepText("", {}, dialogue=lines), ticket=TicketId(granted.ticket_id))
    await gateway.close(granted, TicketClosed)
    content = await newest(vault)
    assert content is not None
    assert (len(content.dialogue), content.is_cut, content.text) == (4, True, "")


async def test_a_transcript_is_there_and_its_recording_is_a_number(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.transcribe(b"recording", '{"text":"gehört"}'.encode())
    content = await newest(vault)
    assert content is not None
    assert content.transcript == '{"text":"gehört"}'
    assert (content.parameters["input_bytes"], content.parameters["input_media_type"]) == (9, "audio/mpeg")
    assert b"recording" not in msgspec.msgpack.encode(content)


async def test_a_request_that_brought_nothing_and_did_not_fail_has_no_entry(
    vault: Vault, gateway: GatewayDouble
) -> None:
    granted = await gateway.open()
    await gateway.close(granted, TicketClosed)
    assert await newest(vault) is None


async def test_a_request_that_failed_before_its_text_came_has_an_entry(
    vault: Vault, gateway: GatewayDouble
) -> None:
    granted = await gateway.open()
    await gateway.reserve(granted, 3, UnitsReserved)
    await gateway.close(granted, TicketClosed, http_status=422, error_code="invalid_parameters")
    content = await newest(vault)
    assert content is not None
    assert (content.text, content.parameters["http_status"]) == ("", 422)
