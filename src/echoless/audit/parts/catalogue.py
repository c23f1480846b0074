"""The parts of an audit: each looks at one side of a server, and each can be run alone.

A part checks once the rounds are over, or watches from before the first request until after the last.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from echoless.audit.options import AuditOptions, Scene
from echoless.audit.parts.concurrency import check_concurrency
from echoless.audit.parts.journal import check_journal
from echoless.audit.parts.places import check_places, watch_places
from echoless.audit.parts.policy import check_policy
from echoless.audit.parts.proof import check_proof
from echoless.audit.parts.scraping import watch_metrics
from echoless.audit.parts.search_controls import check_searches
from echoless.audit.parts.wall import check_wall
from echoless.audit.parts.watching import watch_processes
from echoless.core.errors import EcholessError, ErrorCode

ROUNDS: Final = "rounds"
Check = Callable[[Scene], None]
Watch = Callable[[Scene], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    check:    looks, and notes checks in the scene's report
    watch:    looks on while everything else runs; notes its checks on leaving
    is_quick: whether a quick audit has it unasked
    needs_rounds: whether it shows something only of what the rounds ask and plant, so that they come with it
    is_local: whether it looks at processes and files, which are out of sight over the network
    """

    name: str
    check: Check | None = None
    watch: Watch | None = None
    is_quick: bool = False
    is_local: bool = False
    needs_rounds: bool = False


PARTS: Final[tuple[Part, ...]] = (
    Part(ROUNDS, is_quick=True),
    Part("policy", check_policy),
    Part("proof", check_proof),
    Part("concurrency", check_concurrency),
    Part("metrics", watch=watch_metrics, is_quick=True, is_local=True, needs_rounds=True),
    Part("watching", watch=watch_processes, is_quick=True, is_local=True, needs_rounds=True),
    Part("searches", check_searches, is_local=True),
    Part("wall", check_wall, is_quick=True, is_local=True),
    Part("journal", check_journal, is_quick=True, is_local=True, needs_rounds=True),
    Part("places", check=check_places, watch=watch_places, is_quick=True, is_local=True, needs_rounds=True),
)


def parts_of(options: AuditOptions) -> tuple[Part, ...]:
    """Return the parts that an audit runs, in their order.

    raises: EcholessError(INVALID_PARAMETERS) for a part that there is not
    """
    names = tuple(part.name for part in PARTS)
    if not set(options.parts) <= set(names):
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, f"an audit has the parts: {', '.join(names)}", param="part"
        )
    is_remote = options.server is not None and options.server.is_remote
    parts = [part for part in PARTS if not (part.is_local and is_remote)]
    if options.parts:
        chosen = {part.name for part in parts if part.name in options.parts}
        if any(part.needs_rounds for part in parts if part.name in chosen):
            # Else a search for nothing, or a look at nobody, would find nothing, and pass.
            chosen.add(ROUNDS)
        return tuple(part for part in parts if part.name in chosen)
    return tuple(part for part in parts if part.is_quick or not options.is_quick)
