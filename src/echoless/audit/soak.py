"""Many requests, one after the other: memory must neither grow nor keep anything.

Growth is that of a process's own pages (anonymous memory): pages of files come and go with whoever reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.processes import ProcessIdentity, own_bytes

GROWTH_MIB_MAX: Final = 4.0
_MIB: Final = 1024 * 1024
_TEXTS: Final = 16
_WARM_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class SoakResult:
    """How memory went.

    growth_mib: by `role pid`, between a quarter of the requests and the end
    """

    request_count: int
    growth_mib: dict[str, float]

    @property
    def is_flat(self) -> bool:
        """Whether no process grew by more than 4 MiB."""
        return bool(self.growth_mib) and max(self.growth_mib.values()) <= GROWTH_MIB_MAX


def soak(
    url: str,
    api_key: str,
    family: Sequence[ProcessIdentity],
    mint: CanaryMint,
    *,
    request_count: int,
    progress: Callable[[float], None] | None = None,
) -> SoakResult:
    """Send so many zero-retention requests and compare memory after the first quarter with memory at the end.

    mint:   makes the texts; whoever calls may search for them afterwards
    raises: EcholessError(ENGINE_UNAVAILABLE) when an answer is not audio
    """
    texts = [mint.plain(f"soak {number}", 30 + 8 * number, is_kept=False).text for number in range(_TEXTS)]
    path = f"{SPEECH}/stream?enable_logging=false&output_format=pcm_22050"
    warm_count = int(request_count * _WARM_SHARE)
    before: dict[int, int] = {}
    with AuditClient(url, api_key) as client:
        for number in range(request_count):
            if number == warm_count:
                before = {member.pid: own_bytes(member.pid) for member in family}
            # Each text is another one, so that nothing that is kept by its text passes unseen.
            text = f"{texts[number % _TEXTS]} {number}"
            answer = client.request("POST", path, {"text": text, "model_id": MODEL})
            if answer.status != 200:
                raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"request {number}: status {answer.status}")
            if progress is not None and number % 50 == 49:
                progress((number + 1) / request_count)
        growth = {
            f"{member.role} {member.pid}": (own_bytes(member.pid) - before[member.pid]) / _MIB for member in family
        }
    return SoakResult(request_count, growth)
