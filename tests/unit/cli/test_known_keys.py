"""Commands go over to a turned key from the saved ones alone, say so, remember it, and name each break (C9)."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from echoless.audit.reports.document import document_of
from echoless.audit.reports.report import AuditReport
from echoless.audit.reports.sealing import seal
from echoless.core.errors import EcholessError
from echoless.crossing.audit_records import AuditSigned, SignAudit
from echoless.crossing.records import Record
from echoless.receipts.audit_statement import AUDIT_KIND, AuditStatement
from echoless.receipts.certificate import CertificateSigner
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import append_entries
from echoless.receipts.handover import HANDOVER, TurnFault
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.receipt import RECEIPT_KIND
from echoless.receipts.signing import SeedKey, StatementSigner
from echoless.receipts.tlog_proof import parse_proof
from tests.unit.cli.conftest import Run
from tests.unit.receipts.test_certificate import STATEMENT as CERTIFICATE
from tests.unit.receipts.test_changes import STATEMENT as CHANGE
from tests.unit.receipts.test_handover import LOG, NOW, ORIGIN, THIEF, Log
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]


class Place:
    """A log's files, the keys that were saved before it turned, and the commands on them."""

    def __init__(self, run: Run, tmp_path: Path) -> None:
        self.run, self.root, self.log = run, tmp_path, Log()
        self.files, self.saved = tmp_path / "log", tmp_path / "keys.json"
        self.saved.write_text(json.dumps(self.log.answer))
        self.key = 0
        self.write()

    def turn(self) -> None:
        """Let the log's key turn, and other entries follow."""
        self.log.turn_log(self.key)
        self.key += 1
        self.write()

    def write(self) -> None:
        place = self.files
        growth = append_entries(0, self.log.entries, lambda _path: None)
        for path, data in growth.files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
        note = sign_checkpoint(Checkpoint(ORIGIN, growth.size, growth.root), LOG[self.key])
        (place / "checkpoint").write_text(note)
        (place / "keys").write_text(json.dumps(self.log.answer))

    def on(self, *words: str, status: int = 0) -> Result:
        """Run a command with the saved keys on the files."""
        result = self.run(*words, "--keys", str(self.saved), "--dir", str(self.files))
        told = result.exception
        if isinstance(told, EcholessError):
            assert status, told.public_description
            return result
        assert result.exit_code == status, (result.output, told)
        return result


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Place:
    return Place(run, tmp_path)


def told(result: Result) -> str:
    assert isinstance(result.exception, EcholessError), result.output
    return result.exception.public_description


def test_the_log_is_verified_from_the_first_keys_over_several_turns(place: Place, tmp_path: Path) -> None:
    assert place.on("verify", "log", "--save", str(tmp_path / "seen")).stderr.strip() == ""
    place.turn()
    place.turn()
    result = place.on("verify", "log", "--since", str(tmp_path / "seen"), "--save-keys", str(tmp_path / "new.json"))
    assert result.stderr.strip().count("\n") == 0
    assert "is followed: entry 2, 4" in result.stderr
    # Next time nothing is to be followed.
    place.saved = tmp_path / "new.json"
    (place.files / "keys").unlink()
    assert place.on("verify", "log").stderr.strip() == ""
    assert LogKeys.parse(json.loads(place.saved.read_text())) == LogKeys.parse(place.log.answer)


def test_without_a_list_of_keys_the_log_is_not_believed_and_it_says_why(place: Place) -> None:
    place.turn()
    (place.files / "keys").unlink()
    result = place.on("verify", "log", status=1)
    assert "checkpoint\t" in result.output
    assert "no list of keys" in result.output
    (place.files / "keys").write_text("{")
    assert "no list of keys" in place.on("verify", "log", status=1).output


@pytest.mark.parametrize("command", [("verify", "log"), ("proof", "inclusion", "0"), ("verify", "keys")])
def test_a_broken_chain_is_named_and_saves_nothing(place: Place, tmp_path: Path, command: tuple[str, ...]) -> None:
    place.turn()
    del place.log.answer["log_keys"][1][HANDOVER]
    place.write()
    result = place.on(*command, "--save-keys", str(tmp_path / "new.json"), status=1)
    said = told(result) if isinstance(result.exception, EcholessError) else result.output
    assert TurnFault.NO_HANDOVER.value in said
    assert not (tmp_path / "new.json").exists()


def test_a_log_that_does_not_go_on_from_where_its_key_ended_is_a_fork(place: Place, tmp_path: Path) -> None:
    """The chain of keys is true, and the log that is shown is another one: both are signed by its keys."""
    place.turn()
    place.log.entries[0] = b"another beginning"
    place.write()
    for command in (("verify", "log"), ("proof", "mirror", str(tmp_path / "m"))):
        words = (*command, "--keys", str(place.saved), "--dir" if command[0] == "verify" else "--from")
        result = place.run(*words, str(place.files))
        assert result.exit_code == 1
        assert "fork\t" in result.output
        assert "at the turn of a key at entry 2" in result.output
    assert not (tmp_path / "m" / "keys").exists()
    assert "fork: " in told(place.on("verify", "keys", status=1))
    assert "fork: " in told(place.on("proof", "inclusion", "0", status=1))


def test_a_thief_of_no_key_leads_nobody_to_his_own_log(place: Place) -> None:
    """His signature below the true handover, and his key at the head of the list."""
    place.turn()
    place.log.answer["log_key"] = VerifierKey(ORIGIN, THIEF.public_key().public_bytes_raw()).text
    place.write()
    state = Checkpoint(ORIGIN, 1, bytes(32))
    (place.files / "checkpoint").write_text(sign_checkpoint(state, THIEF))
    assert TurnFault.NOT_ENDED.value in told(place.on("verify", "keys", status=1))
    assert TurnFault.NOT_ENDED.value in place.on("verify", "log", status=1).output


def test_proofs_are_made_and_checked_over_a_turn(place: Place, tmp_path: Path) -> None:
    place.on("verify", "log", "--save", str(tmp_path / "seen"))
    place.turn()
    proof, grown, new = tmp_path / "p", tmp_path / "g.json", tmp_path / "new.json"
    assert "is followed" in place.on("proof", "inclusion", "3", "--out", str(proof), "--save-keys", str(new)).stderr
    assert new.exists()
    assert "is followed" in place.on("proof", "consistency", str(tmp_path / "seen"), "--out", str(grown)).stderr
    for name, file in (("inclusion", proof), ("consistency", grown)):
        new.unlink(missing_ok=True)
        assert "is followed" in place.on("verify", name, str(file), "--save-keys", str(new)).stderr
        # Without a place to follow from, only the new keys open it.
        assert "not signed" in told(place.run("verify", name, str(file), "--keys", str(place.saved)))
        assert place.run("verify", name, str(file), "--keys", str(new)).exit_code == 0


def test_an_offline_check_names_where_the_chain_breaks(place: Place, tmp_path: Path) -> None:
    place.turn()
    place.on("proof", "inclusion", "3", "--out", str(tmp_path / "p"))
    place.log.answer["log_keys"][1]["size_max"] = 9
    place.write()
    new = tmp_path / "new.json"
    reason = told(place.on("verify", "inclusion", str(tmp_path / "p"), "--save-keys", str(new), status=1))
    assert "not signed" in reason
    assert TurnFault.OTHER_END.value in reason
    assert not new.exists()


def test_keys_are_followed_by_hand_from_a_file_or_a_place(place: Place, tmp_path: Path) -> None:
    newer, new = tmp_path / "newer.json", tmp_path / "new.json"
    assert "0 turned" in place.on("verify", "keys").output
    place.turn()
    place.log.turn_receipts(0, log_key=1)
    place.turn()
    newer.write_text(json.dumps(place.log.answer))
    words = ("verify", "keys", str(newer), "--keys", str(place.saved))
    result = place.run(*words, "--save-keys", str(new))
    assert result.exit_code == 0, result.exception
    assert [line.split("\t")[0] for line in result.stdout.splitlines()[:3]] == ["log", "log", "receipts"]
    assert "3 turned" in result.stdout
    assert place.on("verify", "keys").stdout == result.stdout
    assert "0 turned" in place.run("verify", "keys", str(newer), "--keys", str(new)).stdout
    assert "name one of" in told(place.run(*words, "--dir", str(place.files)))
    assert "name the log" in told(place.run("verify", "keys", "--keys", str(place.saved)))


def test_a_mirror_carries_the_keys_and_is_followed_itself(place: Place, run: Run, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"

    def copy_to(folder: Path, source: Path) -> Result:
        return run("proof", "mirror", str(folder), "--keys", str(place.saved), "--from", str(source))

    assert copy_to(mirror, place.files).exit_code == 0
    place.turn()
    assert "is followed" in copy_to(mirror, place.files).stderr
    # It remembers: its own checkpoint is signed by a key that the saved ones do not have.
    assert copy_to(mirror, place.files).stderr.strip() == ""
    (place.files / "keys").unlink()
    assert copy_to(mirror, place.files).exit_code == 0
    assert "is followed" in copy_to(tmp_path / "second", mirror).stderr
    place.files = tmp_path / "second"
    assert place.on("verify", "log").exit_code == 0


def test_a_witness_follows_and_remembers_by_proof_alone(place: Place, run: Run, tmp_path: Path) -> None:
    state = tmp_path / "state"
    run("witness", "keygen", "w.example", "--out", str(tmp_path / "w.key"))
    words = ("witness", "sign", "--key", str(tmp_path / "w.key"), "--state", str(state))
    place.on(*words)
    assert len(list(state.iterdir())) == 1
    place.turn()
    assert "is followed" in place.on(*words).stderr
    (kept,) = state.glob("*.keys")
    place.log.entries.append(b"more")
    place.write()
    (place.files / "keys").unlink()
    assert place.on(*words).stderr.strip() == ""
    # Whoever writes there cannot put in a key of his own.
    forged = json.loads(kept.read_text())
    forged["log_keys"][1][HANDOVER] = forged["log_keys"][1][HANDOVER].replace("index 2", "index 1")
    kept.write_text(json.dumps(forged))
    assert place.on(*words, status=1).exit_code == 1


def test_a_witness_signs_no_log_that_forks_at_a_turn(place: Place, run: Run, tmp_path: Path) -> None:
    run("witness", "keygen", "w.example", "--out", str(tmp_path / "w.key"))
    words = ("witness", "sign", "--key", str(tmp_path / "w.key"), "--state", str(tmp_path / "state"))
    place.turn()
    place.log.entries[0] = b"another beginning"
    place.write()
    result = place.on(*words, status=1)
    assert "NOT signed: fork" in result.stderr
    # Nothing was signed, and both states are kept, each under the log's own signatures.
    refused, keys = sorted((tmp_path / "state").iterdir())
    assert refused.read_text() == (place.files / "checkpoint").read_text()
    assert keys.name == f"{refused.name}.keys"
    assert json.loads(keys.read_text())["log_keys"][1][HANDOVER] == place.log.answer["log_keys"][1][HANDOVER]


def test_an_older_state_than_the_turn_is_no_rollback(place: Place, tmp_path: Path) -> None:
    """As witnesses signed it a while ago."""
    seen = (place.files / "checkpoint").read_text()
    (tmp_path / "old").write_text(seen)
    place.turn()
    assert place.on("verify", "log", "--checkpoint", str(tmp_path / "old")).exit_code == 0


def inclusion_of(place: Place, entry: bytes) -> dict[str, Any]:
    """Enter something after a turn, and say where it is, as the server does."""
    place.turn()
    index = len(place.log.entries)
    place.log.entries.append(entry)
    place.write()
    proof = parse_proof(place.log.handover(LOG[place.key]))
    parts = [base64.b64encode(part).decode() for part in proof.parts]
    return {"index": index, "checkpoint": proof.note, "proof": parts}


def change_answer(place: Place) -> dict[str, Any]:
    text, salt = CHANGE.text(), bytes(16)
    inclusion = inclusion_of(place, committed_entry(EntryKind.POLICY, salt, text))
    return {"changes": [{"statement": text, "salt": base64.b64encode(salt).decode(), "inclusion": inclusion}]}


def certificate_answer(place: Place) -> dict[str, Any]:
    signer, salt = CertificateSigner(bytes(32)), bytes(16)
    certificate = signer.sign(CERTIFICATE)
    (place.root / "key").write_text(json.dumps(signer.public_key))
    inclusion = inclusion_of(place, committed_entry(EntryKind.ERASURE, salt, certificate))
    return {"certificate": certificate, "salt": base64.b64encode(salt).decode(), "inclusion": inclusion}


def receipt_answer(place: Place) -> dict[str, Any]:
    signed, salt = StatementSigner(SeedKey(bytes([11]) * 32)).sign(RECEIPT_KIND, RECEIPT.statement()), bytes(16)
    inclusion = inclusion_of(place, committed_entry(EntryKind.RECEIPT, salt, signed))
    return {"receipt": signed, "salt": base64.b64encode(salt).decode(), "inclusion": inclusion}


def report_file(place: Place) -> dict[str, Any]:
    """A report that has its own keys with it, and they lead to those of now."""

    def vault(record: Record) -> Record:
        assert isinstance(record, SignAudit)
        statement = AuditStatement(record.report_sha256, "passed", record.mode, 1, 0, NOW, "b")
        signed = StatementSigner(SeedKey(bytes([11]) * 32)).sign(AUDIT_KIND, statement.statement())
        where = inclusion_of(place, statement.entry())
        return AuditSigned(
            signed, where["index"], where["checkpoint"], [base64.b64decode(part) for part in where["proof"]],
            place.log.answer["keys"], place.log.answer["log_key"], place.log.answer["log_keys"],
        )  # fmt: skip

    report = AuditReport()
    report.check("memory", True, "0 canaries")
    return seal(document_of(report), vault)


ANSWERS: dict[str, Callable[[Place], dict[str, Any]]] = {
    "changes": change_answer, "certificate": certificate_answer, "receipt": receipt_answer, "audit": report_file
}  # fmt: skip


@pytest.mark.parametrize("command", ANSWERS)
def test_each_check_of_a_file_follows_where_it_is_told_to(place: Place, tmp_path: Path, command: str) -> None:
    file, new = tmp_path / "answer.json", tmp_path / "new.json"
    file.write_text(json.dumps(ANSWERS[command](place)))
    key = ("--key", str(tmp_path / "key")) if command == "certificate" else ()
    words = ("verify", command, str(file), *key)
    alone = place.run(*words, "--keys", str(place.saved))
    if command == "audit":
        # What lies beside it is enough, and says so.
        assert "is followed" in alone.stderr
    else:
        # And what could be done about it.
        assert "not signed" in told(alone)
        assert "--url or --dir" in told(alone)
    result = place.on(*words, "--save-keys", str(new))
    assert "is followed" in result.stderr
    assert place.run(*words, "--keys", str(new)).exit_code == 0
    assert json.loads(new.read_text())["log_key"] == place.log.answer["log_key"]


@pytest.mark.parametrize("command", ["certificate", "audit"])
def test_following_needs_keys_to_follow_from(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("{}")
    assert "need --keys" in told(run("verify", command, str(tmp_path / "file"), "--url", "http://127.0.0.1:9"))


def spoil_nothing(_: dict[str, Any]) -> None:
    """The control."""


def other_members(answer: dict[str, Any]) -> None:
    answer["keys"] = answer["log_keys"] = 7


@pytest.mark.parametrize("spoil", [spoil_nothing, other_members])
def test_a_list_that_cannot_be_read_harms_nobody_who_does_not_need_it(
    place: Place, spoil: Callable[[dict[str, Any]], None]
) -> None:
    answer = copy.deepcopy(place.log.answer)
    spoil(answer)
    (place.files / "keys").write_text(json.dumps(answer))
    assert place.on("verify", "log").exit_code == 0


def test_a_check_that_fails_for_another_reason_is_not_blamed_on_keys(place: Place, tmp_path: Path) -> None:
    answer = receipt_answer(place)
    (tmp_path / "receipt").write_text(json.dumps(answer | {"receipt": answer["receipt"][:-9] + "AAAAAAAAA"}))
    reason = told(place.run("verify", "receipt", str(tmp_path / "receipt"), "--keys", str(place.saved)))
    assert "signature" in reason
    assert "--url" not in reason
