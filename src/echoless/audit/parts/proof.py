"""Receipts and the transparency log, checked as anybody could with what the server hands out.

Every kind of ending gets its receipt: served, kept, refused, left in the middle, a socket. Each must be signed by
one of the log's keys, say nothing beyond its closed list, come after the wiping, and stand in a log that only grew.
source: the wire contract, zero retention, sections 5 and 6; C2SP tlog-tiles
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from echoless.audit.canary import ANCHOR_LETTERS
from echoless.audit.options import Scene
from echoless.audit.parts.asking import ZERO_QUERY, Asking, Expectations
from echoless.audit.parts.proof_tampering import check_tampering
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import text_needles
from echoless.audit.socket_client import SocketRefusedError
from echoless.core.build import build_hash
from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint
from echoless.receipts.log_check import check_growth, check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.proof import CheckedReceipt, check_receipt

_LOG: Final = "/v1/transparency-log"
_RECEIPTS: Final = "/v1/workspace/zero-retention/receipts"
_RECEIPT_HEADER: Final = "x-echoless-receipt"
_WITHIN_S: Final = 20.0
_POLL_S: Final = 0.1
_MINUTE_S: Final = 60
_SECCOMP_FILTER: Final = 2
_LONG_CHARACTERS: Final = 20_000
_FIRST_BYTES: Final = 4_096
_ENTRIES_READ_MAX: Final = 50_000
_OF_THE_VAULT: Final = frozenset({"gateway", "engine", "vault"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a receipt is due for."""

    name: str
    receipt_id: str
    mode: str
    is_served: bool = True


@dataclass(slots=True)
class Log:
    """The log as the server hands it out; files are fetched once.

    seen: its state before this audit asked for anything
    """

    asking: Asking
    keys: Mapping[str, Any] = field(default_factory=dict)
    seen: Checkpoint | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def begun(cls, asking: Asking) -> Log:
        """Fetch keys and state before anything else."""
        log = cls(asking, json.loads(asking.get(f"{_LOG}/keys").body))
        note = log.note()
        if note:
            log.seen = LogKeys.parse(log.keys).open(note)
        return log

    def note(self) -> str:
        """Return the newest checkpoint; empty while there is none."""
        answer = self.asking.client.request("GET", f"{_LOG}/checkpoint")
        return answer.body.decode("utf-8", "replace") if answer.status == 200 else ""

    def fetch(self, path: str) -> bytes | None:
        """Return a file of it."""
        if path not in self.files:
            answer = self.asking.client.request("GET", f"{_LOG}/{path}")
            if answer.status != 200:
                return None
            self.files[path] = answer.body
        return self.files[path]


def check_proof(scene: Scene) -> None:
    """Ask in every manner, collect every receipt, and check them and the log that they stand in."""
    with Asking(scene) as asking:
        receipts: dict[str, Any] = {}
        with asking.check("receipts come after the wiping, for every kind of ending", "C8") as check:
            log = Log.begun(asking)
            asked = _asked(asking, check)
            receipts = {item.receipt_id: _fetched(asking, item.receipt_id) for item in asked}
            for item in asked:
                check.expect(
                    receipts[item.receipt_id] is not None, f"{item.name}: no receipt within {_WITHIN_S:.0f} s"
                )
        if not any(receipts.values()):
            return
        checked = _check_receipts(asking, log, asked, receipts)
        _check_log(asking, log, checked)
        answer = next(answer for answer in receipts.values() if answer is not None)
        check_tampering(asking, answer, log.keys, log.note(), log.fetch)


def _asked(asking: Asking, check: Expectations) -> list[Asked]:
    """Send one request of every ending."""
    served = asking.speak("receipt", ZERO_QUERY)
    kept = asking.speak("receipt and kept", is_kept=True)
    refused = asking.speak("receipt refused", ZERO_QUERY, seed="no number")
    asked = [
        Asked("served", served.headers.get(_RECEIPT_HEADER, ""), "zero"),
        Asked("kept", kept.headers.get(_RECEIPT_HEADER, ""), "default"),
        Asked("refused", refused.headers.get(_RECEIPT_HEADER, ""), "zero", is_served=False),
        Asked("a socket", _socket_receipt(asking), "zero"),
        Asked("left in the middle", _left_receipt(asking, check), "zero"),
    ]
    for item in asked:
        check.expect(bool(item.receipt_id), f"{item.name}: the answer names no receipt")
    return [item for item in asked if item.receipt_id]


def _socket_receipt(asking: Asking) -> str:
    path = f"{SPEECH}/stream-input?model_id={MODEL}&output_format=pcm_16000&enable_logging=false"
    try:
        opened = asking.client.open_socket(path)
    except SocketRefusedError:
        return ""
    opened.say(json.dumps({"text": " "}), json.dumps({"text": f"{asking.text('receipt of a socket')} "}))
    opened.say(json.dumps({"text": ""}))
    opened.hear_to_the_close()
    return opened.headers.get(_RECEIPT_HEADER, "")


def _left_receipt(asking: Asking, check: Expectations) -> str:
    """Leave in the middle of an answer. T46: until then there is no receipt, since nothing has been wiped."""
    text = asking.scene.mint.plain("zero/asked/receipt of a long one", _LONG_CHARACTERS, is_kept=False).text
    path = f"{SPEECH}/stream{ZERO_QUERY}&output_format=pcm_22050"
    stream = asking.client.open_stream(path, {"text": text, "model_id": MODEL})
    try:
        stream.read(_FIRST_BYTES)
        receipt_id = stream.headers.get(_RECEIPT_HEADER, "")
        early = asking.get(f"{_RECEIPTS}/{receipt_id}")
        check.expect(early.status == 404, f"a receipt while the request runs: status {early.status}")
    finally:
        stream.close()
    return receipt_id


def _fetched(asking: Asking, receipt_id: str) -> Any:
    """Fetch a receipt with its place in the log, both of which come a moment after the request; None if not."""
    deadline_s = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline_s:
        answer = asking.client.request("GET", f"{_RECEIPTS}/{receipt_id}")
        if answer.status == 200:
            told = json.loads(answer.body)
            if told.get("inclusion"):
                return told
        time.sleep(_POLL_S)
    return None


def _check_receipts(
    asking: Asking, log: Log, asked: list[Asked], receipts: Mapping[str, Any]
) -> list[CheckedReceipt]:
    """Verify each as a stranger would, and what it says against what was done."""
    checked: list[CheckedReceipt] = []
    with asking.check("receipts hold, say what was done, and nothing of what was said", "C8", "C58") as check:
        finder = Finder(text_needles(asking.scene.mint.canaries))
        for item in asked:
            answer = receipts[item.receipt_id]
            if answer is None:
                continue
            try:
                found = check_receipt(answer, log.keys)
            except EcholessError as error:
                check.expect(False, f"{item.name}: {error.public_description}")
                continue
            checked.append(found)
            _expect_of(check, asking, item, found)
            data = mask(json.dumps([answer, found.receipt.statement()]).encode())
            check.expect(
                not list(finder.find(data, len(data))), f"{item.name}: something of what was said is in it"
            )
        builds = {found.receipt.build_hash for found in checked}
        check.expect(len(builds) == 1, f"{len(builds)} builds served")
        asking.scene.report.build_hash = next(iter(builds), "")
        if asking.scene.options.server is None and asking.scene.options.interpreter is None:
            check.expect(builds == {build_hash()}, "the build is not the one that is installed")
    return checked


def _expect_of(check: Expectations, asking: Asking, item: Asked, found: CheckedReceipt) -> None:
    receipt = found.receipt
    check.expect(receipt.mode == item.mode, f"{item.name}: mode {receipt.mode}")
    check.expect(receipt.request_id == item.receipt_id, f"{item.name}: it is of another request")
    check.expect(receipt.minute_unix % _MINUTE_S == 0, f"{item.name}: its time is finer than a minute")
    is_error = receipt.http_status >= 400 and receipt.http_status not in range(1000, 1001)
    check.expect(item.is_served is not is_error, f"{item.name}: status {receipt.http_status}")
    walls = {wall.role: wall for wall in receipt.confinement.processes}
    check.expect(
        walls.keys() >= _OF_THE_VAULT, f"{item.name}: it speaks of {', '.join(sorted(walls)) or 'no process'}"
    )
    for role, wall in walls.items():
        is_up = wall.seccomp_mode == _SECCOMP_FILTER and wall.has_no_new_privs is True
        check.expect(is_up, f"{item.name}: the wall of {role} is down")
        check.expect(wall.swap_kib == 0, f"{item.name}: {role} has {wall.swap_kib} KiB in swap")


def _check_log(asking: Asking, log: Log, checked: list[CheckedReceipt]) -> None:
    """Read the log as a monitor would: whole where it is not too long, else what came since the audit began."""
    with asking.check("the log is whole, only grew, and tells nothing of what was said", "C9") as check:
        note = log.note()
        newest = LogKeys.parse(log.keys).open(note)
        check.expect(log.seen is None or newest.size > log.seen.size, "it has not grown")
        for found in checked:
            if found.checkpoint is not None:
                faults = check_growth(newest, found.checkpoint, log.fetch)
                check.expect(not faults, f"a receipt stands in another log: {_named(faults)}")
        is_whole = log.seen is None or newest.size <= _ENTRIES_READ_MAX
        told = check_log(note, log.fetch, LogKeys.parse(log.keys), seen=log.seen, is_whole=is_whole)
        check.expect(told.is_sound, f"it does not hold: {_named(told.faults)}")
        finder = Finder(text_needles(asking.scene.mint.canaries))
        hits = sum(len(list(finder.find(mask(data), len(data)))) for data in log.files.values())
        check.expect(not hits, f"{hits} copies of words of {ANCHOR_LETTERS} letters and more are in it")
        read_bytes = sum(map(len, log.files.values()))
        check.note = f"{told.entry_count} entries, {read_bytes} bytes in {len(log.files)} files"


def _named(faults: Any) -> str:
    return ", ".join(f"{fault.value} at {place}" for fault, place in faults) or "nothing"
