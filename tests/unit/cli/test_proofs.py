"""`echoless verify receipt` and `verify log`: exit 0 where all holds, 1 and the place where not (C8, C9)."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, sign_checkpoint
from echoless.receipts.growing import append_entries
from echoless.receipts.receipt import RECEIPT_KIND, SigningKeyFacts
from tests.unit.cli.conftest import Run
from tests.unit.receipts.test_forgeries import FORGERIES
from tests.unit.receipts.test_forgeries import KEYS as FORGERY_KEYS
from tests.unit.receipts.test_proof import KEYS, LOG_KEY, ORIGIN, SIGNED, SIGNER, answer
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = pytest.mark.unit


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    return path


def write_log(folder: Path, size: int, word: str = "entry") -> None:
    growth = append_entries(0, [f"{word} {number}".encode() for number in range(size)], lambda _path: None)
    for path, data in growth.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    note = sign_checkpoint(Checkpoint(ORIGIN, growth.size, growth.root), LOG_KEY)
    (folder / "checkpoint").write_text(note)


def test_a_receipt_is_shown_with_its_place_in_the_log(run: Run, tmp_path: Path, keys: Path) -> None:
    (tmp_path / "answer.json").write_text(json.dumps(answer()))
    result = run("verify", "receipt", str(tmp_path / "answer.json"), "--keys", str(keys))
    assert result.exit_code == 0
    assert "The signature holds." in result.output
    assert "entry 1 of 3" in result.output
    assert "zero" in result.output


def test_a_bare_receipt_is_checked_too(run: Run, tmp_path: Path, keys: Path) -> None:
    (tmp_path / "receipt").write_text(SIGNED + "\n")
    result = run("verify", "receipt", str(tmp_path / "receipt"), "--keys", str(keys))
    assert result.exit_code == 0
    assert "does not say where" in result.output


def test_a_changed_receipt_is_refused(run: Run, tmp_path: Path, keys: Path) -> None:
    (tmp_path / "receipt").write_text(SIGNED[:-9] + "AAAAAAAAA")
    result = run("verify", "receipt", str(tmp_path / "receipt"), "--keys", str(keys))
    assert isinstance(result.exception, EcholessError)
    assert "does not hold" in result.exception.public_description


def test_a_log_that_only_grew_is_sound_and_its_checkpoint_is_saved(run: Run, tmp_path: Path, keys: Path) -> None:
    log, saved = tmp_path / "log", tmp_path / "seen"
    write_log(log, 300)
    words = ("verify", "log", "--keys", str(keys), "--dir", str(log))
    assert run(*words, "--save", str(saved)).exit_code == 0
    write_log(log, 700)
    result = run(*words, "--since", str(saved))
    assert result.exit_code == 0
    assert "first 300 entries" in result.output


def test_a_forked_or_changed_log_fails_with_the_place_and_saves_nothing(
    run: Run, tmp_path: Path, keys: Path
) -> None:
    log, saved, other = tmp_path / "log", tmp_path / "seen", tmp_path / "other"
    write_log(log, 300)
    assert run("verify", "log", "--keys", str(keys), "--dir", str(log), "--save", str(saved)).exit_code == 0
    write_log(other, 700, "forged")
    forked = run(
        "verify", "log", "--keys", str(keys), "--dir", str(other), "--since", str(saved), "--save", str(other / "s")
    )
    assert forked.exit_code == 1
    assert "fork" in forked.output
    assert not (other / "s").exists()
    path = log / "tile/0/000"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    changed = run("verify", "log", "--keys", str(keys), "--dir", str(log))
    assert changed.exit_code == 1
    assert "tile/0/000" in changed.output


def test_a_log_without_a_place_or_that_cannot_be_reached_says_so(run: Run, keys: Path) -> None:
    for more in ((), ("--url", "http://127.0.0.1:9")):
        result = run("verify", "log", "--keys", str(keys), *more)
        assert isinstance(result.exception, EcholessError)


@pytest.mark.claim("Z31")
@pytest.mark.parametrize("name", FORGERIES)
def test_each_forged_file_is_refused_by_its_name(run: Run, tmp_path: Path, name: str) -> None:
    """C8: as an auditor meets it, a file and the saved keys."""
    forged, words = FORGERIES[name]
    (tmp_path / "keys.json").write_text(json.dumps(FORGERY_KEYS))
    (tmp_path / "receipt.json").write_text(json.dumps(forged))
    result = run("verify", "receipt", str(tmp_path / "receipt.json"), "--keys", str(tmp_path / "keys.json"))
    assert isinstance(result.exception, EcholessError)
    assert words in result.exception.public_description
    assert result.stdout == ""


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[1]", b"\x00" * 100, b"\xd9\xa0.b.c"])
def test_a_file_that_is_no_receipt_is_refused_without_a_traceback(
    run: Run, tmp_path: Path, keys: Path, content: bytes
) -> None:
    (tmp_path / "receipt").write_bytes(content)
    for words in ((str(tmp_path / "receipt"), str(keys)), (str(keys), str(tmp_path / "receipt"))):
        result = run("verify", "receipt", words[0], "--keys", words[1])
        assert isinstance(result.exception, EcholessError), result.exception


@pytest.mark.claim("Z33")
def test_where_the_key_lay_is_shown(run: Run, tmp_path: Path, keys: Path) -> None:
    wall = msgspec.structs.replace(RECEIPT.confinement, signing_key=SigningKeyFacts("memfd_secret", "tpm"))
    said = msgspec.structs.replace(RECEIPT, confinement=wall)
    (tmp_path / "receipt").write_text(SIGNER.sign(RECEIPT_KIND, said.statement()))
    result = run("verify", "receipt", str(tmp_path / "receipt"), "--keys", str(keys))
    assert "signing_key_memory\tmemfd_secret" in result.stdout
    assert "signing_key_at_rest\ttpm" in result.stdout
    assert f"assurance\t{RECEIPT.confinement.assurance}" in result.stdout


def test_a_file_that_is_nested_without_end_is_refused(run: Run, tmp_path: Path, keys: Path) -> None:
    (tmp_path / "deep").write_text('{"receipt":' + "[" * 100_000)
    result = run("verify", "receipt", str(tmp_path / "deep"), "--keys", str(keys))
    assert isinstance(result.exception, EcholessError)


def test_a_bare_receipt_whose_key_has_ended_is_shown_with_what_that_means(run: Run, tmp_path: Path) -> None:
    ended = KEYS | {"keys": [key | {"exp": RECEIPT.minute_unix + 60} for key in KEYS["keys"]]}
    (tmp_path / "keys").write_text(json.dumps(ended))
    (tmp_path / "receipt").write_text(SIGNED)
    words = ("verify", "receipt", str(tmp_path / "receipt"), "--keys", str(tmp_path / "keys"))
    unproved = run(*words)
    assert "Its key has ended" in unproved.output
    # Whoever has the old key can date a receipt back: a script must not take it for one that holds.
    assert unproved.exit_code == 1
