"""The end of a request whose ticket the vault has taken back: its account is being deleted.

Whatever serves it is cancelled where it waits, so that buffers and jobs end as for a client that left. An answer
that was not begun is a refusal of its key; one that was begun stays unfinished: it was neither kept nor counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.gateway.ports import OpenTicketPort

_DELETED: Final = "The API key is unknown: its workspace is being deleted."


def canceller() -> Callable[[], object]:
    """Return what cancels the running task."""
    task = asyncio.current_task()
    assert task is not None, "requests are served by tasks"
    return task.cancel


def was_revoked(ticket: OpenTicketPort | None) -> bool:
    """Whether a request lost its ticket. If so the running task may go on, to say it."""
    if ticket is None or not ticket.is_revoked:
        return False
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
    return True


def revoked() -> EcholessError:
    """Return what is told of it."""
    return EcholessError(ErrorCode.INVALID_API_KEY, _DELETED)
