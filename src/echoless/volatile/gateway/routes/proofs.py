"""Proofs from the transparency log, and the changes of a workspace's retention policy with their places in it.

Whoever mirrors the log needs none of the proofs: all of them can be made of its files.
source: RFC 6962 section 2.1 for what the proofs are; the paths are ours
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.proof_records import (
    Consistency,
    GetConsistency,
    GetInclusion,
    Inclusion,
    ListPolicyChanges,
    PolicyChangePage,
    PolicyChangeView,
)
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.log_wire import base64_text, inclusion_wire
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.proofs import ChangesQuery, ConsistencyQuery, InclusionQuery

_PROOFS: Final = "/v1/transparency-log/proofs"
_AWAY: Final = "The log cannot be read at this moment."


async def show_inclusion(call: Call) -> None:
    """Show where the log has an entry."""
    query = InclusionQuery.parse(call.query)
    found = await call.services.vault.ask(GetInclusion(query.index, query.size or 0))
    if not isinstance(found, Inclusion):
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, _AWAY)
    # The checkpoint is the newest: whoever asks about a smaller tree has its root already.
    asked = {"size": query.size} if query.size else {}
    await call.answer(inclusion_wire(found) | asked)


async def show_consistency(call: Call) -> None:
    """Show that the log only grew."""
    query = ConsistencyQuery.parse(call.query)
    found = await call.services.vault.ask(GetConsistency(query.old_size, query.size or 0))
    if not isinstance(found, Consistency):
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, _AWAY)
    await call.answer(
        {
            "old_size": found.old_size,
            "size": found.size,
            "checkpoint": found.checkpoint,
            "proof": [base64_text(part) for part in found.proof],
        }
    )


async def list_changes(call: Call) -> None:
    """List the changes of this workspace's retention policies, the newest first."""
    query = ChangesQuery.parse(call.query)
    page = await call.open_ticket.ask(ListPolicyChanges(query.page_size, query.before or 0))
    assert isinstance(page, PolicyChangePage)
    await call.answer(
        {"changes": [_change(view) for view in page.changes], "next_before": page.next_before or None}
    )


def _change(view: PolicyChangeView) -> dict[str, Any]:
    # The text beside its reading: the digest is over the text as it stands.
    return {
        "change": msgspec.json.decode(view.statement),
        "statement": view.statement,
        "salt": base64_text(view.salt),
        "inclusion": None if view.inclusion is None else inclusion_wire(view.inclusion),
    }


ROUTES: Final = (
    Route(
        "GET /v1/workspace/zero-retention/changes",
        list_changes,
        "List the changes of the workspace's retention policies",
        query=ChangesQuery,
    ),
    Route(
        f"GET {_PROOFS}/inclusion", show_inclusion, "Show where the log has an entry", query=InclusionQuery,
        is_public=True,
    ),
    Route(
        f"GET {_PROOFS}/consistency", show_consistency, "Show that the log only grew", query=ConsistencyQuery,
        is_public=True,
    ),
)  # fmt: skip
