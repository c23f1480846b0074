"""How parts of an audit ask: one connection, a word for every expectation, and nothing left of what was made.

An answer that does not come, or is not of the contract's shape, is an expectation that was not met, never the end
of the audit.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from echoless.audit.client import Answer, AuditClient
from echoless.audit.options import Scene
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.socket_client import SocketRefusedError
from echoless.core.errors import EcholessError

MODE_HEADER: Final = "x-echoless-retention"
ZERO_QUERY: Final = "?enable_logging=false"
_SHOWN: Final = 6
_TEXT_CHARACTERS: Final = 14
_NO_ANSWER: Final = (OSError, http.client.HTTPException, SocketRefusedError, ValueError, LookupError, TypeError)


@dataclass(slots=True)
class Expectations:
    """What one check expects; it passes when something was expected and all of it came."""

    count: int = 0
    unmet: list[str] = field(default_factory=list)
    note: str = ""

    def expect(self, is_so: bool, what: str) -> None:
        """Note one.

        what: in words of ours, what was not so
        """
        self.count += 1
        if not is_so:
            self.unmet.append(what)

    @property
    def detail(self) -> str:
        """What is shown of them."""
        shown = "; ".join(self.unmet[:_SHOWN])
        rest = f"; {len(self.unmet) - _SHOWN} more" if len(self.unmet) > _SHOWN else ""
        met = f"{self.count - len(self.unmet)} of {self.count} as expected"
        return "; ".join(part for part in (met, self.note, shown + rest) if part)


class Asking:
    """Asks one server in the name of one key. Use it as a context manager: leaving takes away what was made."""

    def __init__(self, scene: Scene, api_key: str = "") -> None:
        self.scene = scene
        self.client = AuditClient(scene.server.url, api_key or scene.server.api_key, scene.options.pause_s)
        self._undo: list[Callable[[], int]] = []
        self._text_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take away everything, the last first, whatever happened; what stays is a failed check."""
        left = 0
        while self._undo:
            try:
                left += self._undo.pop()() not in {200, 204, 404}
            except _NO_ANSWER:
                left += 1
        if left:
            self.scene.report.check("what the audit made is gone again", False, f"{left} things are still there")
        self.client.__exit__(None, None, None)

    def undo(self, method: str, path: str, body: object = None) -> None:
        """Remember what takes away a thing that was made."""
        self._undo.append(lambda: self.client.request(method, path, body).status)

    def text(self, name: str, *, is_kept: bool = False) -> str:
        """Return a new canary."""
        self._text_count += 1
        mode = "kept" if is_kept else "zero"
        return self.scene.mint.plain(
            f"{mode}/asked/{name} {self._text_count}", _TEXT_CHARACTERS, is_kept=is_kept
        ).text

    def speak(
        self, name: str, query: str = "", headers: Mapping[str, str] | None = None, *, is_kept: bool = False,
        **more: object,
    ) -> Answer:  # fmt: skip
        """Have something said.

        is_kept: whether the answer should leave an item behind, which is deleted in the end
        more:    more members of the body
        """
        body = {"text": self.text(name, is_kept=is_kept), "model_id": MODEL, **more}
        answer = self.client.request("POST", f"{SPEECH}{query}", body, headers)
        self.scene.report.request_count += 1
        item = answer.headers.get("history-item-id")
        if item:
            # Whatever was meant to happen: what is kept is deleted.
            self.undo("DELETE", f"/v1/history/{item}")
        return answer

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read something."""
        self.scene.report.request_count += 1
        return self.client.request("GET", path, None, headers)

    def member(self, path: str, *names: str) -> Any:
        """Read a member of a JSON answer.

        raises: ValueError, KeyError where it is not there
        """
        value = json.loads(self.get(path).body)
        for name in names:
            value = value[name]
        return value

    @contextlib.contextmanager
    def check(self, name: str, *proves: str) -> Iterator[Expectations]:
        """Collect expectations and note them as one check."""
        expectations = Expectations()
        failure = ""
        try:
            yield expectations
        except EcholessError as error:
            failure = error.public_description
        except _NO_ANSWER as error:
            failure = f"an answer was none ({type(error).__name__})"
        if failure:
            expectations.expect(False, failure)
        is_passed = bool(expectations.count) and not expectations.unmet
        self.scene.report.check(name, is_passed, expectations.detail, *proves)


def mode_of(answer: Answer) -> str:
    """Return the mode that an answer states; empty where it states none."""
    return answer.headers.get(MODE_HEADER, "")


def problem_of(answer: Answer) -> tuple[str, str]:
    """Return code and parameter of an error in the contract's shape; empty where it is none."""
    try:
        detail = json.loads(answer.body)["detail"]
        return str(detail.get("code") or ""), str(detail.get("param") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def is_served_zero(answer: Answer) -> bool:
    """Whether it was served with zero retention, and says so."""
    return answer.status == 200 and mode_of(answer) == "zero" and "history-item-id" not in answer.headers


def is_refused(answer: Answer, status: int, code: str = "", param: str = "") -> bool:
    """Whether it was refused as the contract says."""
    told_code, told_param = problem_of(answer)
    return answer.status == status and (not code or told_code == code) and (not param or told_param == param)
