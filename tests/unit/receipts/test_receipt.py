"""A receipt states the closed list and nothing else (C8, T42, T46)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODEL_BY_ID
from echoless.receipts.receipt import (
    RECEIPT_KIND,
    Confinement,
    ProcessFacts,
    Receipt,
    Scrubbed,
    SigningKeyFacts,
    bucket,
    parse_receipt,
    to_minute,
)
from echoless.receipts.signing import StatementSigner, verify_statement
from echoless.retention.decision import Level
from echoless.retention.endpoints import ENDPOINTS, Product

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z31")]
RECEIPT = Receipt(
    request_id="abc", workspace_id="w1", endpoint="POST /v1/text-to-speech/{voice}", product="text_to_speech",
    mode="zero", level="request", model_id="eleven_flash_v2_5", output_format="mp3_44100_128", characters=100,
    audio_ms=10_000, minute_unix=1_700_000_040, http_status=200, error_code="", policy_version=3,
    policy_hash="p", build_hash="b", scrubbed=Scrubbed.AFTER_RESPONSE,
    confinement=Confinement(
        "strict", None, 0,
        (ProcessFacts("gateway", 2, True, 0, {"landlock": True}), ProcessFacts("engine", 2, True, 0)),
    ),
)  # fmt: skip
ALLOWED = {
    "request_id", "workspace_id", "endpoint", "product", "mode", "level", "model_id", "output_format", "characters",
    "audio_ms", "minute_unix", "http_status", "error_code", "policy_version", "policy_hash", "build_hash",
    "scrubbed", "confinement", "is_capsule", "version",
}  # fmt: skip


def test_a_receipt_comes_back_from_its_signed_statement() -> None:
    signer = StatementSigner(bytes(32))
    signed = signer.sign(RECEIPT_KIND, RECEIPT.statement())
    assert parse_receipt(verify_statement(RECEIPT_KIND, signed, [signer.public_key])) == RECEIPT


def test_it_has_the_members_of_the_closed_list_only() -> None:
    """Whoever adds one must add it here too, and think of what it tells (T42)."""
    assert set(Receipt.__struct_fields__) == ALLOWED
    forbidden = (
        "key",
        "mail",
        "address",
        "ip",
        "agent",
        "voice",
        "text",
        "hash_of",
        "digest",
        "seed",
        "language",
        "file",
    )
    assert not [name for name in ALLOWED for word in forbidden if word in name.split("_")]


def changed(**members: Any) -> dict[str, Any]:
    return RECEIPT.statement() | members


@pytest.mark.parametrize(
    "statement",
    [
        changed(text="what was said"),
        changed(version=2),
        changed(characters=117),
        changed(characters="100"),
        changed(minute_unix=1_700_000_041),
        changed(scrubbed="surely"),
        changed(request_id=7),
        changed(is_capsule=None),
        changed(confinement={**RECEIPT.statement()["confinement"], "ip": "10.0.0.1"}),
        changed(confinement={"processes": []}),
        changed(confinement=None),
        {},
    ],
)
def test_what_is_no_receipt_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(EcholessError, match="no receipt"):
        parse_receipt(statement)


@pytest.mark.parametrize(
    ("count", "low"),
    [(-1, 0), (0, 0), (1, 0), (99, 0), (100, 100), (999, 100), (1000, 1000), (10**6, 10**6), (10**9, 10**6)],
)
def test_counts_are_told_in_buckets(count: int, low: int) -> None:
    """T32: a count tells a short text's length, which can tell the text."""
    assert bucket(count) == low


def test_times_are_told_to_the_minute() -> None:
    assert [to_minute(at) for at in (0, 59, 60, 1_700_000_099)] == [0, 0, 60, 1_700_000_040]


def test_a_process_of_which_nothing_was_seen_says_so() -> None:
    unseen = msgspec.structs.replace(
        RECEIPT, confinement=Confinement("best_effort", None, None, (ProcessFacts("media", None, None, None),))
    )
    assert parse_receipt(unseen.statement()) == unseen


@pytest.mark.claim("Z33")
def test_a_receipt_says_where_its_key_lay_and_older_ones_that_do_not_still_hold() -> None:
    said = msgspec.structs.replace(
        RECEIPT,
        confinement=msgspec.structs.replace(
            RECEIPT.confinement, signing_key=SigningKeyFacts("memfd_secret", "tpm")
        ),
    )
    assert said.statement()["confinement"]["signing_key"] == {"memory": "memfd_secret", "at_rest": "tpm"}
    assert parse_receipt(said.statement()) == said
    assert "signing_key" not in RECEIPT.statement()["confinement"]
    assert parse_receipt(RECEIPT.statement()) == RECEIPT


@pytest.mark.parametrize(
    ("member", "word"),
    [
        ("mode", "Zero"), ("mode", "zero\n"), ("error_code", "Said was: good morning!"), ("model_id", "x" * 121),
        ("error_code", "good morning"), ("output_format", "said by me"), ("endpoint", "POST /v1 good morning"),
        ("endpoint", "good morning"),
        ("workspace_id", "somebody@example.com"), ("endpoint", "\x1b[2K"), ("policy_hash", "line\n"),
    ],
)  # fmt: skip
def test_a_member_of_codes_holds_no_free_words(member: str, word: str) -> None:
    """Also a vault that is not honest can sign no sentence and no address as a receipt."""
    with pytest.raises(EcholessError, match="no receipt"):
        parse_receipt(RECEIPT.statement() | {member: word})


def test_all_that_there_is_to_be_named_has_the_form_of_a_code() -> None:
    for word in {*AUDIO_FORMATS, *MODEL_BY_ID, *ErrorCode, *Level, *Product}:
        statement = RECEIPT.statement() | dict.fromkeys(("level", "model_id", "error_code", "product"), word)
        assert parse_receipt(statement).error_code == word
    for endpoint in ENDPOINTS:
        assert parse_receipt(RECEIPT.statement() | {"endpoint": endpoint.name}).endpoint == endpoint.name
