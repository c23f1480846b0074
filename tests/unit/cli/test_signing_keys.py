"""`echoless proof keys` and `echoless proof rotate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from echoless.crossing.receipt_records import GetProofKeys, ProofKeys, RotateProofKey
from echoless.receipts.log_keys import LogKeys
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run
from tests.unit.receipts.test_log_keys import ANSWER, NEW, OLD, verifier

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
KEYS = ProofKeys(
    [{"kid": "the-new-one", "nbf": 1_800_000_060}, {"kid": "the-old-one", "nbf": 1, "exp": 1_800_000_060}],
    verifier(NEW).text,
    [
        {"key": verifier(NEW).text, "nbf": 2},
        {"key": verifier(OLD).text, "nbf": 1, "exp": 2, "size_max": 5},
    ],
    memory="memfd_secret",
    at_rest="tpm",
)


def test_keys_are_listed_with_their_times_and_where_they_lie(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {GetProofKeys: KEYS}):
        result = run("proof", "keys", "--data", str(tmp_path))
    assert result.exit_code == 0, result.exception
    assert "receipts\tthe-old-one\t1970-01-01 00:00\t2027-01-15 08:01" in result.stdout
    assert "receipts\tthe-new-one\t2027-01-15 08:01\t\n" in result.stdout
    assert f"log\t{verifier(OLD).text}\t" in result.stdout
    assert "memfd_secret" in result.stdout
    assert "TPM" in result.stdout


def test_as_json_they_are_what_a_check_takes(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {GetProofKeys: KEYS}):
        result = run("proof", "keys", "--json", "--data", str(tmp_path))
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["keys"] == KEYS.receipt_keys
    assert LogKeys.parse(found) == LogKeys.parse(ANSWER)


@pytest.mark.parametrize("is_log", [False, True])
def test_a_turn_names_what_it_turned(run: Run, tmp_path: Path, is_log: bool) -> None:
    with running_server(tmp_path, {RotateProofKey: KEYS}) as door:
        result = run("proof", "rotate", *(["--log"] if is_log else []), "--data", str(tmp_path))
    assert result.exit_code == 0, result.exception
    assert door.asked == [RotateProofKey(is_log=is_log)]
    assert ("signs the log" if is_log else "signs receipts") in result.stderr
    assert "the-new-one" in result.stdout
