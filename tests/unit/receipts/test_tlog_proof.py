"""Proofs have the form of C2SP tlog-proof; a changed line is noticed (C9)."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import sign_checkpoint
from echoless.receipts.growing import HashReader
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.tlog_proof import TlogProof, parse_proof
from tests.unit.receipts.test_log_check import KEY, VERIFIER, Log

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
KEYS = LogKeys(VERIFIER)
# The head of the example of the specification, whose checkpoint is abridged there.
EXAMPLE = (
    "c2sp.org/tlog-proof@v1\n"
    "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6\n"
    "index 73894\n"
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
    "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
    "\n"
    "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n"
    "\n"
    "— example.com/fancylog hI2DJw==\n"
)


def made(index: int = 300, size: int = 501) -> tuple[TlogProof, bytes]:
    log = Log()
    state = log.grow(size)
    parts = inclusion_proof(index, size, HashReader(size, log.files.get).hash_at)
    entry = f"entry {index}".encode()
    return TlogProof(index, tuple(parts), sign_checkpoint(state, KEY), entry), entry


def test_the_form_is_that_of_the_specification() -> None:
    proof = parse_proof(EXAMPLE)
    assert (proof.index, len(proof.parts), proof.extra) == (73894, 2, b"age-v1.2.1-darwin-arm64.tar.gz")
    assert proof.note.startswith("example.com/fancylog\n109482\n")
    assert proof.text == EXAMPLE


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (300, 501), (256, 257)])
def test_a_proof_comes_back_and_holds_without_the_log(index: int, size: int) -> None:
    proof, entry = made(index, size)
    again = parse_proof(proof.text)
    assert again == proof
    assert again.check(entry, KEYS).size == size


def test_another_entry_or_place_does_not_hold() -> None:
    proof, entry = made()
    moved = TlogProof(proof.index + 1, proof.parts, proof.note)
    cut = TlogProof(proof.index, proof.parts[1:], proof.note)
    for wrong, what in ((proof, b"another"), (moved, entry), (cut, entry)):
        with pytest.raises(EcholessError):
            wrong.check(what, KEYS)


def test_every_changed_line_is_noticed() -> None:
    proof, entry = made()
    lines = proof.text.split("\n")
    for place, line in enumerate(lines[:-1]):
        if line.startswith("extra "):
            continue
        for changed in ("", line + "A", line[1:]):
            if changed == line:
                continue
            text = "\n".join([*lines[:place], changed, *lines[place + 1 :]])
            with pytest.raises(EcholessError):
                parse_proof(text).check(entry, KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        EXAMPLE.replace("73894", "073894"),
        EXAMPLE.replace("73894", "7" * 5000),
        EXAMPLE[10:],
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(EcholessError):
        parse_proof(text)
