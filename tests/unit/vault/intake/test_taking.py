"""Taking content, or refusing it from its header."""

from __future__ import annotations

import pytest

from echoless.core.ids import TicketId
from echoless.crossing.records import KIND_KEEP_AUDIO
from echoless.retention.decision import Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.mark.claim("Z8")
async def test_each_refused_frame_is_counted_and_a_kept_one_is_not(vault: Vault, gateway: GatewayDouble) -> None:
    zero, kept = await gateway.open(switch=Switch.LOGGING_OFF), await gateway.open()
    for count, granted in ((1, zero), (2, zero), (2, kept)):
        gateway.link.post_content(KIND_KEEP_AUDIO, b"audio", ticket=TicketId(granted.ticket_id))
        await gateway.open("GET /v1/history", voice_id="")
        assert vault.intake.refused_content_count == count
