"""Debug capsules in a laboratory: a key is named, what comes sealed is opened, and searched for as it was sent.

What an answer carries sealed is content that left by the one way that it may; nothing of it may stay behind,
neither what was sealed nor the capsule itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyrage

from echoless.audit.client import Answer, AuditClient
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import Needle, audio_needles
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.capsule import open_capsule

_POLICY: Final = "/v1/workspace/zero-retention"
_MEMBER: Final = "capsule"
_WINDOWS: Final = 8
# Every age file begins with the same lines and ends with the same one.
_ALIKE_FIRST: Final = 400
_ALIKE_LAST: Final = 60
_GOOD: Final = 200


class Capsules:
    """The key of a laboratory's workspace, and what came sealed to it."""

    def __init__(self) -> None:
        self._identity: Any = pyrage.x25519.Identity.generate()
        self._taken: list[str] = []

    def __repr__(self) -> str:
        return f"<{len(self._taken)} capsules>"

    def name_key(self, client: AuditClient) -> None:
        """Have the workspace's failures sealed from now on.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the server does not take the key
        """
        status = client.request("PATCH", _POLICY, {"capsule_key": str(self._identity.to_public())}).status
        if status != _GOOD:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"a capsule key was answered {status}")

    def take(self, answers: Sequence[Answer]) -> None:
        """Take the capsules out of answers, of HTTP or of sockets."""
        self._taken += [capsule for answer in answers for capsule in _capsules_in(answer.body)]

    def needles(self) -> list[Needle]:
        """Return needles for the capsules themselves."""
        return [
            needle
            for number, capsule in enumerate(self._taken)
            for needle in audio_needles(
                capsule.encode()[_ALIKE_FIRST:-_ALIKE_LAST], f"zero/capsule {number}", "sealed", _WINDOWS
            )
        ]

    def check(self, report: AuditReport, needles: Sequence[Needle], *proves: str) -> None:
        """Note whether there were any, whether each opens with the key, and whether they say what was said.

        needles: of all that was said
        """
        finder, opened = Finder(needles), [data for data in map(self._opened, self._taken) if data]
        telling = sum(bool(list(finder.find(mask(data), len(data)))) for data in opened)
        report.check(
            "control: capsules say what was said, to whoever has the key",
            len(opened) == len(self._taken) > 0 and telling > 0,
            f"{len(self._taken)} capsules, {len(opened)} opened, {telling} hold planted words", *proves,
        )  # fmt: skip

    def _opened(self, capsule: str) -> bytes:
        try:
            return open_capsule(capsule, [self._identity])
        except EcholessError:
            return b""


def _capsules_in(body: bytes) -> Iterator[str]:
    """Yield the capsules in the body of an error, or in the messages of a socket, one a line."""
    for line in body.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        detail = said.get("detail", said) if isinstance(said, dict) else None
        capsule = detail.get(_MEMBER) if isinstance(detail, dict) else None
        if isinstance(capsule, str):
            yield capsule
