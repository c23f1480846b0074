"""`/v1/history/deletions`: many kept generations deleted by one request. Ours.

A small deletion is done when it is answered; a large one goes on by itself, also after a restart of the server, and
is looked at by its id.
"""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.log_records import DeleteMany, DeletionProgress, GetDeletionProgress
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace_logs import DeletionsBody


async def begin(call: Call) -> None:
    """Delete many kept generations."""
    body = await read_schema(call, DeletionsBody)
    filters = (body.voice_id, body.model_id, body.source, body.date_before_unix, body.date_after_unix)
    has_filter = any(value is not None for value in filters)
    if body.history_item_ids is not None and (has_filter or body.every_item):
        message = "Items are either named or chosen by filters."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="history_item_ids")
    if not body.history_item_ids and not has_filter and not body.every_item:
        message = "Name items, give a filter, or say every_item."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="history_item_ids")
    question = DeleteMany(
        item_ids=body.history_item_ids or [], voice_id=body.voice_id or "", model_id=body.model_id or "",
        source=body.source or "", before_unix=body.date_before_unix or 0, after_unix=body.date_after_unix or 0,
    )  # fmt: skip
    await _answer(call, question)


async def show(call: Call) -> None:
    """Show how far a deletion is."""
    await _answer(call, GetDeletionProgress(job_id=call.path_id(0)))


async def _answer(call: Call, question: DeleteMany | GetDeletionProgress) -> None:
    progress = await call.open_ticket.ask(question)
    assert isinstance(progress, DeletionProgress)
    await call.answer(
        {
            "deletion_id": progress.job_id,
            "status": "done" if progress.is_done else "running",
            "deleted_count": progress.deleted_count,
            "total_count": progress.total_count,
        }
    )


ROUTES: Final = (
    Route("POST /v1/history/deletions", begin, "Delete many kept generations", body=DeletionsBody),
    Route("GET /v1/history/deletions/{job}", show, "Show how far a deletion of many is"),
)
