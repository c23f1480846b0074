"""`echoless proof`: what is taken out of a log has been checked before it is written down (C9)."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_proofs import keys, write_log

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
__all__ = ["keys"]


def damage(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def test_a_proof_of_inclusion_holds_without_the_log(run: Run, tmp_path: Path, keys: Path) -> None:
    log, proof = tmp_path / "log", tmp_path / "p.tlog-proof"
    write_log(log, 700)
    made = run("proof", "inclusion", "300", "--keys", str(keys), "--dir", str(log), "--out", str(proof))
    assert made.exit_code == 0, made.output
    checked = run("verify", "inclusion", str(proof), "--keys", str(keys))
    assert checked.exit_code == 0
    assert "entry 300\n" in checked.output
    assert "entry 300 of 700" in checked.output
    (tmp_path / "another").write_bytes(b"entry 301")
    wrong = run("verify", "inclusion", str(proof), "--keys", str(keys), "--entry", str(tmp_path / "another"))
    assert isinstance(wrong.exception, EcholessError)


def test_a_proof_of_a_log_that_lies_is_not_written_down(run: Run, tmp_path: Path, keys: Path) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    write_log(log, 700)
    damage(log / "tile/0/001")
    made = run("proof", "inclusion", "300", "--keys", str(keys), "--dir", str(log), "--out", str(out))
    assert isinstance(made.exception, EcholessError)
    assert not out.exists()


def test_a_proof_of_consistency_holds_without_the_log(run: Run, tmp_path: Path, keys: Path) -> None:
    log, saved, proof = tmp_path / "log", tmp_path / "seen", tmp_path / "proof.json"
    write_log(log, 300)
    saved.write_bytes((log / "checkpoint").read_bytes())
    write_log(log, 700)
    words = ("proof", "consistency", str(saved), "--keys", str(keys), "--dir")
    assert run(*words, str(log), "--out", str(proof)).exit_code == 0
    checked = run("verify", "consistency", str(proof), "--keys", str(keys))
    assert "300 entries" in checked.output
    told = json.loads(proof.read_text())
    proof.write_text(json.dumps(told | {"proof": told["proof"][1:]}))
    assert run("verify", "consistency", str(proof), "--keys", str(keys)).exit_code != 0
    forked = tmp_path / "forked"
    write_log(forked, 700, "forged")
    assert isinstance(run(*words, str(forked)).exception, EcholessError)


def test_a_mirror_goes_on_and_can_be_checked_in_the_place_of_the_log(run: Run, tmp_path: Path, keys: Path) -> None:
    log, copy = tmp_path / "log", tmp_path / "copy"
    words = ("proof", "mirror", str(copy), "--keys", str(keys), "--from")
    for size, new in ((300, 300), (300, 0), (1000, 700)):
        write_log(log, size)
        result = run(*words, str(log))
        assert result.exit_code == 0, result.output
        assert f"{size} entries, {new} of them new" in result.output
        assert run("verify", "log", "--keys", str(keys), "--dir", str(copy)).exit_code == 0
    # Partial tiles that whole ones replaced are gone.
    assert not (copy / "tile/entries/001.p").exists()
    proof = run("proof", "inclusion", "5", "--keys", str(keys), "--dir", str(copy))
    assert proof.output.startswith("c2sp.org/tlog-proof@v1\n")


def test_a_mirror_stays_as_it_was_where_the_log_forks(run: Run, tmp_path: Path, keys: Path) -> None:
    log, copy, forged = tmp_path / "log", tmp_path / "copy", tmp_path / "forged"
    write_log(log, 300)
    write_log(forged, 700, "forged")
    words = ("proof", "mirror", str(copy), "--keys", str(keys), "--from")
    assert run(*words, str(log)).exit_code == 0
    result = run(*words, str(forged))
    assert (result.exit_code, "fork" in result.output) == (1, True)
    assert run("verify", "log", "--keys", str(keys), "--dir", str(copy)).exit_code == 0


def test_two_do_not_write_one_mirror(run: Run, tmp_path: Path, keys: Path) -> None:
    log, copy = tmp_path / "log", tmp_path / "copy"
    write_log(log, 3)
    copy.mkdir()
    descriptor = os.open(copy, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        result = run("proof", "mirror", str(copy), "--keys", str(keys), "--from", str(log))
    finally:
        os.close(descriptor)
    assert isinstance(result.exception, EcholessError)


def test_a_mirror_in_the_place_of_a_file_is_refused_and_the_file_stays(
    run: Run, tmp_path: Path, keys: Path
) -> None:
    log = tmp_path / "log"
    write_log(log, 3)
    before = keys.read_bytes()
    result = run("proof", "mirror", str(keys), "--keys", str(keys), "--from", str(log))
    assert isinstance(result.exception, EcholessError)
    assert "no folder" in result.exception.public_description
    assert keys.read_bytes() == before
