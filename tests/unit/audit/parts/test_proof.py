"""A server whose receipts or log lie is caught, whichever lie it is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from echoless.audit.parts import proof
from echoless.audit.parts.proof import check_proof
from echoless.core.ids import new_ticket_id, request_id_of
from echoless.receipts.checkpoint import Checkpoint, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import HashReader, append_entries
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.receipt import RECEIPT_KIND, Receipt
from tests.unit.audit.conftest import Reply, Stub
from tests.unit.audit.parts.test_asking import scene_of
from tests.unit.receipts.test_proof import KEYS, LOG_KEY, ORIGIN, SALT, SIGNER
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = pytest.mark.unit
WALL = RECEIPT.confinement.processes[0]
ROLES = ("vault", "engine", "gateway")
WALLS = tuple(
    msgspec.structs.replace(WALL, role=role, seccomp_mode=2, has_no_new_privs=True, swap_kib=0) for role in ROLES
)
SOUND = msgspec.structs.replace(
    RECEIPT, confinement=msgspec.structs.replace(RECEIPT.confinement, processes=WALLS), http_status=200
)
Lie = Callable[[Receipt, str], Receipt]


@dataclass(slots=True)
class Prover:
    """A server with receipts and a log; it tells the truth unless it is given a lie."""

    lie: Lie = lambda receipt, _text: receipt
    is_early: bool = False
    forgets: int = 0
    entries: list[bytes] = field(default_factory=lambda: [b"before"])
    signed: dict[str, tuple[int, str]] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)

    def reply(self, method: str, path: str, body: bytes) -> Reply:
        if method == "POST":
            return self._speak(path, json.loads(body))
        if path.endswith("/keys"):
            return 200, {}, json.dumps(KEYS).encode()
        if "/transparency-log/" in path:
            data = self._files().get(path.partition("/transparency-log/")[2])
            return (200, {}, data) if data is not None else (404, {}, b"")
        return self._receipt(path.rpartition("/")[2])

    def _speak(self, path: str, body: dict[str, Any]) -> Reply:
        request_id = request_id_of(new_ticket_id())
        is_zero, is_refused = "enable_logging=false" in path, isinstance(body.get("seed"), str)
        honest = msgspec.structs.replace(
            SOUND, request_id=request_id, mode="zero" if is_zero else "default",
            http_status=422 if is_refused else 200,
        )  # fmt: skip
        statement = SIGNER.sign(RECEIPT_KIND, self.lie(honest, body["text"]).statement())
        if len(body["text"]) > 10_000 and not self.is_early:
            self.running.add(request_id)
        self.signed[request_id] = len(self.entries), statement
        self.entries.append(committed_entry(EntryKind.RECEIPT, SALT, statement))
        headers = {"x-echoless-receipt": request_id, "x-echoless-retention": honest.mode}
        return honest.http_status, headers, bytes(50_000)

    def _files(self) -> dict[str, bytes]:
        growth = append_entries(0, self.entries, lambda _path: None)
        note = sign_checkpoint(Checkpoint(ORIGIN, growth.size, growth.root), LOG_KEY)
        return {**growth.files, "checkpoint": note.encode()}

    def _receipt(self, request_id: str) -> Reply:
        if request_id in self.running or request_id not in self.signed:
            self.running.discard(request_id)
            return 404, {}, b""
        index, signed = self.signed[request_id]
        files, size = self._files(), len(self.entries)
        parts = inclusion_proof(index, size, HashReader(size, files.get).hash_at)
        inclusion = {
            "index": index, "checkpoint": files["checkpoint"].decode(),
            "proof": [base64.b64encode(part).decode() for part in parts],
        }  # fmt: skip
        told = {"receipt": signed, "salt": base64.b64encode(SALT).decode(), "inclusion": inclusion}
        if self.forgets and request_id == list(self.signed)[-1]:
            del self.entries[-self.forgets :]
        return 200, {}, json.dumps(told).encode()


def _unmet(stub: Stub, prover: Prover) -> str:
    stub.reply = prover.reply
    scene = scene_of(stub, is_in_use=True)
    check_proof(scene)
    return "; ".join(check.detail for check in scene.report.checks if not check.is_passed)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "_WITHIN_S", 0.4)
    monkeypatch.setattr(proof, "_POLL_S", 0.01)


def test_a_server_that_tells_the_truth_lacks_only_what_it_cannot_do(stub: Stub) -> None:
    """It is no server of sockets, and its build is not ours."""
    unmet = _unmet(stub, Prover())
    assert re.findall("[^;]+: the answer names no receipt", unmet) == [" a socket: the answer names no receipt"]
    assert "the build is not the one" in unmet
    assert len(unmet.split("; ")) == 4, unmet


def _renamed(receipt: Receipt, text: str) -> Receipt:
    return msgspec.structs.replace(receipt, model_id=text[:12])


def _kept(receipt: Receipt, _text: str) -> Receipt:
    return msgspec.structs.replace(receipt, mode="default")


def _of_another(receipt: Receipt, _text: str) -> Receipt:
    return msgspec.structs.replace(receipt, request_id="another")


def _unwalled(receipt: Receipt, _text: str) -> Receipt:
    walls = (msgspec.structs.replace(WALLS[0], seccomp_mode=0), *WALLS[1:])
    return msgspec.structs.replace(
        receipt, confinement=msgspec.structs.replace(receipt.confinement, processes=walls)
    )


@pytest.mark.parametrize(
    ("prover", "complaint"),
    [
        (Prover(lie=_renamed), "something of what was said is in it"),
        (Prover(lie=_kept), "served: mode default"),
        (Prover(lie=_of_another), "served: it is of another request"),
        (Prover(lie=_unwalled), "the wall of vault is down"),
        (Prover(is_early=True), "a receipt while the request runs: status 200"),
        (Prover(forgets=2), "a receipt stands in another log"),
    ],
)
def test_each_lie_is_named(stub: Stub, prover: Prover, complaint: str) -> None:
    assert complaint in _unmet(stub, prover)


def test_a_server_without_receipts_fails(stub: Stub) -> None:
    stub.reply = lambda *_: (200, {}, json.dumps(KEYS).encode())
    scene = scene_of(stub)
    check_proof(scene)
    assert not scene.report.is_passed
