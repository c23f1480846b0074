"""Whether a remote may still be given zero-retention work.

It must have been declared so. Once it is seen to have kept something, it gets no more of such work until the server
starts anew, and the journal says so.
"""

from __future__ import annotations

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal


class ZeroRetentionTrust:
    """The standing of one remote.

    name: of the remote, for the journal
    """

    def __init__(self, name: str, journal: Journal, *, is_declared: bool) -> None:
        self._name = name
        self._journal = journal
        self._is_declared = is_declared
        self._is_broken = False

    def require(self, *, is_zero: bool) -> None:
        """Check before anything is sent.

        raises: EcholessError(ZERO_RETENTION_NOT_SUPPORTED)
        """
        if is_zero and (self._is_broken or not self._is_declared):
            raise _refusal()

    def check_answer(self, kept_by: str, *, is_zero: bool) -> None:
        """Throw away an answer that shows that something was kept.

        kept_by: what shows it, a word of ours; empty where nothing does
        raises:  EcholessError(ZERO_RETENTION_NOT_SUPPORTED)
        """
        if is_zero and kept_by:
            self.lose(kept_by)
            raise _refusal()

    def lose(self, kept_by: str) -> None:
        """Take note that something was kept."""
        self._is_broken = True
        self._journal.say(Event.REMOTE_KEPT, name=self._name, reason=kept_by)


def _refusal() -> EcholessError:
    return EcholessError(
        ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, "This remote gets no zero-retention work.", param="model_id"
    )
