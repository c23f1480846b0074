"""`echoless certificate` and `echoless verify certificate`."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.account_records import (
    CertificateKeyView,
    CertificateList,
    CertificateView,
    GetCertificate,
    GetCertificateKey,
    ListCertificates,
)
from echoless.receipts.certificate import CertificateSigner
from echoless.receipts.checkpoint import Checkpoint, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import append_entries
from echoless.receipts.merkle import leaf_hash
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run
from tests.unit.receipts.test_certificate import STATEMENT
from tests.unit.receipts.test_proof import KEYS, LOG_KEY, ORIGIN

pytestmark = pytest.mark.unit
SIGNER = CertificateSigner(bytes(range(32)))


@pytest.mark.claim("Z28")
@pytest.mark.parametrize("form", ["certificate", "answer"])
@pytest.mark.parametrize("key", ["key", "set"])
def test_a_certificate_is_checked_offline_with_a_key_from_a_file(
    run: Run, tmp_path: Path, form: str, key: str
) -> None:
    """C54: neither the account nor the server is needed."""
    certificate = SIGNER.sign(STATEMENT)
    text = certificate if form == "certificate" else json.dumps({"certificate": certificate})
    (tmp_path / "it").write_text(text)
    members = SIGNER.public_key if key == "key" else {"keys": [SIGNER.public_key]}
    (tmp_path / "key").write_text(json.dumps(members))
    result = run("verify", "certificate", str(tmp_path / "it"), "--key", str(tmp_path / "key"))
    assert result.exit_code == 0, result.exception
    assert "destroyed: history\t3" in result.stdout
    assert "remaining\t0" in result.stdout


def test_a_changed_certificate_is_refused(run: Run, tmp_path: Path) -> None:
    head, payload, signature = SIGNER.sign(STATEMENT).split(".")
    (tmp_path / "it").write_text(f"{head}.{payload[:-2]}AA.{signature}")
    (tmp_path / "key").write_text(json.dumps(SIGNER.public_key))
    result = run("verify", "certificate", str(tmp_path / "it"), "--key", str(tmp_path / "key"))
    assert isinstance(result.exception, EcholessError)


@pytest.mark.parametrize("text", ["", "[]", "nothing", '{"keys": []}'])
def test_a_file_without_a_key_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "it").write_text(SIGNER.sign(STATEMENT))
    (tmp_path / "key").write_text(text)
    result = run("verify", "certificate", str(tmp_path / "it"), "--key", str(tmp_path / "key"))
    assert isinstance(result.exception, EcholessError)


def test_a_file_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(json.dumps(SIGNER.public_key))
    result = run("verify", "certificate", str(tmp_path / "none"), "--key", str(tmp_path / "key"))
    assert isinstance(result.exception, EcholessError)


def test_without_a_key_the_servers_own_is_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "it").write_text(SIGNER.sign(STATEMENT))
    with running_server(tmp_path, {GetCertificateKey: CertificateKeyView(SIGNER.public_key)}):
        assert run("verify", "certificate", str(tmp_path / "it")).exit_code == 0


def test_certificates_and_their_key_are_shown(run: Run, tmp_path: Path) -> None:
    answers = {
        ListCertificates: CertificateList(["c" * 20]),
        GetCertificate: CertificateView("a.b.c"),
        GetCertificateKey: CertificateKeyView(SIGNER.public_key),
    }
    with running_server(tmp_path, answers):
        assert run("certificate", "list").stdout == "c" * 20 + "\n"
        assert run("certificate", "show", "c" * 20).stdout == "a.b.c\n"
        assert json.loads(run("certificate", "key").stdout) == SIGNER.public_key


def test_its_place_in_the_log_is_checked_with_the_keys_that_were_saved(run: Run, tmp_path: Path) -> None:
    certificate, salt = SIGNER.sign(STATEMENT), bytes(range(16))
    entries = [b"before", committed_entry(EntryKind.ERASURE, salt, certificate)]
    growth = append_entries(0, entries, lambda _path: None)
    inclusion = {
        "index": 1,
        "checkpoint": sign_checkpoint(Checkpoint(ORIGIN, 2, growth.root), LOG_KEY),
        "proof": [base64.b64encode(leaf_hash(b"before")).decode()],
    }
    answer = {"certificate": certificate, "salt": base64.b64encode(salt).decode(), "inclusion": inclusion}
    (tmp_path / "key").write_text(json.dumps(SIGNER.public_key))
    (tmp_path / "keys").write_text(json.dumps(KEYS))
    words = ("verify", "certificate", str(tmp_path / "it"), "--key", str(tmp_path / "key"), "--keys")
    (tmp_path / "it").write_text(json.dumps(answer))
    assert "entry 1 of 2" in run(*words, str(tmp_path / "keys")).output
    for told in (answer | {"inclusion": None}, answer | {"inclusion": inclusion | {"index": 0}}, "a bare one"):
        (tmp_path / "it").write_text(certificate if told == "a bare one" else json.dumps(told))
        assert isinstance(run(*words, str(tmp_path / "keys")).exception, EcholessError)
