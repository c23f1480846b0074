"""The trail of administrative acts: who did what to which of our ids. Never a request, never a name."""

from __future__ import annotations

from collections.abc import Callable

from echoless.core.clock import Clock
from echoless.core.ids import new_opaque_id
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.writing import Row, Write

OPERATOR = "operator"


def audit_row(
    clock: Clock,
    workspace_id: str,
    actor_id: str,
    activity: str,
    target_id: str,
    *,
    seal: Callable[[str], bytes] | None = None,
) -> tuple[Write, Row]:
    """Return the row of one act, to be written together with the act itself.

    actor_id: a key's id, or `operator`
    activity: a short word of ours, for example `key.create`
    seal:     returns the sealed reason for the act, given the entry's id; most acts need none
    """
    entry_id = new_opaque_id()
    return Write.AUDIT, {
        "entry_id": entry_id,
        "workspace_id": workspace_id,
        "time_ms": clock.unix_ms(),
        "actor_id": actor_id,
        "activity": activity,
        "target_id": target_id,
        "sealed_reason": seal(entry_id) if seal is not None else None,
    }


def sealed_reason(keyring: Keyring, workspace_id: str, reason: str, entry_id: str) -> bytes:
    """Return an operator's words for one entry, sealed under the workspace's key."""
    return keyring.seal_word(workspace_id, reason.encode(), f"reason:{entry_id}")


def opened_reason(keyring: Keyring, workspace_id: str, sealed: bytes | None, entry_id: str) -> str:
    """Return the words again, or none where the entry has none."""
    return "" if sealed is None else keyring.open_word(workspace_id, sealed, f"reason:{entry_id}").decode()
