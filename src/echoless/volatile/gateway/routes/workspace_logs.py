"""`/v1/workspace/logs`: what becomes of the workspace's debug and moderation logs. Ours.

Nobody reads these logs over the network: the operator does, at the server, with a reason.
"""

from __future__ import annotations

from typing import Final

from echoless.crossing.log_records import GetLogSettings, LogSettings, SetLogSettings
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace_logs import LogSettingsBody


async def show_settings(call: Call) -> None:
    """Show what becomes of the workspace's logs."""
    await _answer(call, GetLogSettings())


async def edit_settings(call: Call) -> None:
    """Change what becomes of the workspace's logs."""
    body = await read_schema(call, LogSettingsBody)
    await _answer(call, SetLogSettings(body.erase_logs_with_item))


async def _answer(call: Call, question: GetLogSettings | SetLogSettings) -> None:
    settings = await call.open_ticket.ask(question)
    assert isinstance(settings, LogSettings)
    await call.answer(
        {
            "erase_logs_with_item": settings.erase_logs_with_item,
            "debug_log_days": settings.debug_log_days,
            "moderation_log_days": settings.moderation_log_days,
        }
    )


ROUTES: Final = (
    Route("GET /v1/workspace/logs", show_settings, "Show what becomes of debug and moderation logs"),
    Route(
        "PATCH /v1/workspace/logs",
        edit_settings,
        "Say whether deleted items take their log entries with them",
        body=LogSettingsBody,
    ),
)
