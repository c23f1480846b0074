"""`echoless verify`: log, proofs and changes are checked with saved keys alone (C9, T33)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import HashReader, append_entries
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.tlog_proof import TlogProof
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_proofs import keys, write_log
from tests.unit.receipts.test_changes import STATEMENT
from tests.unit.receipts.test_proof import LOG_KEY, ORIGIN

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
__all__ = ["keys"]
SALT = bytes(16)


def changes() -> dict[str, Any]:
    """An answer of the server with one change that the log has, and one that it has not yet."""
    text = STATEMENT.text()
    entries = [b"first", committed_entry(EntryKind.POLICY, SALT, text), b"last"]
    growth = append_entries(0, entries, lambda _path: None)
    proof = inclusion_proof(1, 3, HashReader(3, growth.files.get).hash_at)
    note = sign_checkpoint(Checkpoint(ORIGIN, 3, growth.root), LOG_KEY)
    inclusion = {"index": 1, "checkpoint": note, "proof": [base64.b64encode(part).decode() for part in proof]}
    change = {"change": {}, "statement": text, "salt": base64.b64encode(SALT).decode(), "inclusion": inclusion}
    return {"changes": [change | {"inclusion": None}, change], "next_before": None}


def test_changes_are_shown_with_their_places(run: Run, tmp_path: Path, keys: Path) -> None:
    file = tmp_path / "changes.json"
    file.write_text(json.dumps(changes()))
    result = run("verify", "changes", str(file), "--keys", str(keys))
    assert result.exit_code == 0, result.exception
    assert "entry 1 of 3" in result.output
    assert "not in the log yet" in result.output
    assert "is_enforced: no -> yes" in result.output


@pytest.mark.parametrize(("old", "new"), [("enforce", "release"), ("operator", "member"), ("true", "false")])
def test_a_change_that_was_changed_is_refused(run: Run, tmp_path: Path, keys: Path, old: str, new: str) -> None:
    file, told = tmp_path / "changes.json", changes()
    told["changes"][1]["statement"] = told["changes"][1]["statement"].replace(old, new)
    file.write_text(json.dumps(told))
    assert isinstance(run("verify", "changes", str(file), "--keys", str(keys)).exception, EcholessError)


def test_only_what_is_new_is_read_from_a_saved_checkpoint_on(run: Run, tmp_path: Path, keys: Path) -> None:
    log, saved = tmp_path / "log", tmp_path / "seen"
    write_log(log, 300)
    words = ("verify", "log", "--keys", str(keys), "--dir", str(log))
    assert run(*words, "--save", str(saved)).exit_code == 0
    write_log(log, 700)
    (log / "tile/entries/000").unlink()
    assert run(*words, "--since", str(saved)).exit_code == 1
    result = run(*words, "--since", str(saved), "--new-only")
    assert result.exit_code == 0
    assert "Read were the 400" in result.output
    assert isinstance(run(*words, "--new-only").exception, EcholessError)


def test_a_state_that_a_witness_signed_is_checked_in_the_place_of_the_newest(
    run: Run, tmp_path: Path, keys: Path
) -> None:
    log, secret, signed = tmp_path / "log", tmp_path / "w.key", tmp_path / "signed"
    public = run("witness", "keygen", "witness.example/w1", "--out", str(secret)).output.strip()
    write_log(log, 300)
    signing = ("witness", "sign", "--keys", str(keys), "--dir", str(log), "--key", str(secret))
    signed.write_text(run(*signing, "--state", str(tmp_path / "state")).stdout)
    write_log(log, 305)
    words = ("verify", "log", "--keys", str(keys), "--dir", str(log), "--witness", public)
    assert run(*words).exit_code == 1
    result = run(*words, "--checkpoint", str(signed))
    assert result.exit_code == 0, result.output
    assert "holds: 300 entries" in result.output


@pytest.mark.parametrize("command", ["inclusion", "consistency", "changes"])
def test_what_is_no_proof_is_refused(run: Run, tmp_path: Path, keys: Path, command: str) -> None:
    file = tmp_path / "file"
    for text in ("", "{}", '{"changes": [5]}', "c2sp.org/tlog-proof@v1\nindex x\n\n"):
        file.write_text(text)
        assert run("verify", command, str(file), "--keys", str(keys)).exit_code != 0, text


def test_an_entry_of_a_dishonest_log_writes_nothing_on_the_screen(run: Run, tmp_path: Path, keys: Path) -> None:
    entry = b"\x1b[2J\nlog.example/echoless has it"
    growth = append_entries(0, [entry], lambda _path: None)
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, growth.root), LOG_KEY)
    (tmp_path / "proof").write_text(TlogProof(0, (), note, entry).text)
    result = run("verify", "inclusion", str(tmp_path / "proof"), "--keys", str(keys))
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == r"\x1b[2J\nlog.example/echoless has it"
