"""The trail of administrative acts: who did what to which of our ids. Never a request, never a name."""

from __future__ import annotations

from echoless.core.clock import Clock
from echoless.core.ids import new_opaque_id
from echoless.vault.stores.writing import Row, Write

OPERATOR = "operator"


def audit_row(
    clock: Clock,
    workspace_id: str,
    actor_id: str,
    activity: str,
    target_id: str,
    *,
    sealed_reason: bytes | None = None,
) -> tuple[Write, Row]:
    """Return the row of one act, to be written together with the act itself.

    actor_id: a key's id, or `operator`
    activity: a short word of ours, for example `key.create`
    sealed_reason: why, in the operator's words, sealed for the workspace
    """
    return Write.AUDIT, {
        "entry_id": new_opaque_id(),
        "workspace_id": workspace_id,
        "time_ms": clock.unix_ms(),
        "actor_id": actor_id,
        "activity": activity,
        "target_id": target_id,
        "sealed_reason": sealed_reason,
    }
