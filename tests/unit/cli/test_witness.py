"""`echoless witness`: what is signed was seen to go on and is kept first, and a fork is kept as well (C9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import VerifierKey
from echoless.receipts.log_keys import LogKeys
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_proofs import keys, write_log
from tests.unit.receipts.test_proof import LOG_KEY, ORIGIN

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
__all__ = ["keys"]
LOG = LogKeys(VerifierKey(ORIGIN, LOG_KEY.public_key().public_bytes_raw()))


class Witness:
    def __init__(self, run: Run, folder: Path, keys: Path) -> None:
        self.run, self.folder, self.keys = run, folder, keys
        made = run("witness", "keygen", "witness.example/w1", "--out", str(folder / "w.key"))
        self.verifier = VerifierKey.parse(made.output)

    def sign(self, log: Path) -> tuple[int, str]:
        result = self.run(
            "witness", "sign", "--keys", str(self.keys), "--key", str(self.folder / "w.key"), "--state",
            str(self.folder / "state"), "--dir", str(log),
        )  # fmt: skip
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout or result.output

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "state").iterdir())


@pytest.fixture
def witness(run: Run, tmp_path: Path, keys: Path) -> Witness:
    return Witness(run, tmp_path, keys)


def test_each_state_that_goes_on_is_signed_and_kept(witness: Witness, tmp_path: Path) -> None:
    for size in (300, 300, 700):
        write_log(tmp_path / "log", size)
        status, note = witness.sign(tmp_path / "log")
        assert status == 0
        assert LOG.open(note, [witness.verifier]).size == size
        (kept,) = witness.files()
        assert (tmp_path / "state" / kept).read_text() == note


def test_two_people_cannot_be_shown_two_trees(witness: Witness, tmp_path: Path) -> None:
    """A log that forks gets one of its trees signed; the other is kept as the proof against it."""
    write_log(tmp_path / "log", 300)
    write_log(tmp_path / "forged", 300, "forged")
    assert witness.sign(tmp_path / "log")[0] == 0
    kept = (tmp_path / "state" / witness.files()[0]).read_text()
    for size in (300, 700):
        write_log(tmp_path / "forged", size, "forged")
        status, told = witness.sign(tmp_path / "forged")
        assert (status, "fork" in told) == (1, True)
    assert (tmp_path / "state" / witness.files()[0]).read_text() == kept
    # Both are signed by the log itself.
    refused = [(tmp_path / "state" / name).read_text() for name in witness.files()[1:]]
    assert {LOG.open(note).size for note in refused} == {300, 700}


def test_what_is_published_stays_when_the_next_state_is_refused(witness: Witness, tmp_path: Path) -> None:
    published = tmp_path / "signed"
    words = (
        "witness", "sign", "--keys", str(witness.keys), "--key", str(tmp_path / "w.key"), "--state",
        str(tmp_path / "state"), "--out", str(published), "--dir",
    )  # fmt: skip
    write_log(tmp_path / "log", 300)
    assert witness.run(*words, str(tmp_path / "log")).exit_code == 0
    before = published.read_bytes()
    write_log(tmp_path / "forged", 400, "forged")
    refused = witness.run(*words, str(tmp_path / "forged"))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert published.read_bytes() == before


def test_a_log_that_went_back_is_not_signed(witness: Witness, tmp_path: Path) -> None:
    write_log(tmp_path / "log", 700)
    assert witness.sign(tmp_path / "log")[0] == 0
    write_log(tmp_path / "log", 300)
    status, told = witness.sign(tmp_path / "log")
    assert (status, "rollback" in told) == (1, True)
    assert len(witness.files()) == 1


def test_a_state_that_this_witness_did_not_sign_is_not_taken_for_its_own(witness: Witness, tmp_path: Path) -> None:
    """Whoever can write there cannot make it forget: the file must bear its own signature."""
    write_log(tmp_path / "log", 300)
    assert witness.sign(tmp_path / "log")[0] == 0
    place = tmp_path / "state" / witness.files()[0]
    place.write_bytes((tmp_path / "log/checkpoint").read_bytes())
    with pytest.raises(EcholessError):
        raise witness.run(
            "witness", "sign", "--keys", str(witness.keys), "--key", str(tmp_path / "w.key"), "--state",
            str(tmp_path / "state"), "--dir", str(tmp_path / "log"),
        ).exception or AssertionError  # fmt: skip


def test_nothing_is_given_out_that_could_not_be_kept(
    witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "log", 300)

    def fail(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr("echoless.cli.witness.put_durably", fail)
    result = witness.run(
        "witness", "sign", "--keys", str(witness.keys), "--key", str(tmp_path / "w.key"), "--state",
        str(tmp_path / "state"), "--dir", str(tmp_path / "log"),
    )  # fmt: skip
    assert isinstance(result.exception, OSError)
    assert "—" not in result.stdout


def test_a_key_is_never_written_over_and_only_its_owner_reads_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.key"
    assert run("witness", "keygen", "w", "--out", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert isinstance(run("witness", "keygen", "w", "--out", str(path)).exception, EcholessError)
    assert path.read_bytes() == before
