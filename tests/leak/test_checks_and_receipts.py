"""What checks texts and what signs receipts leaves nothing of a zero-retention request (C10, C32, C33)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import Answer, AuditClient
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.search.disk_scan import scan_directory, scan_files
from echoless.audit.search.finder import mask
from tests.leak.conftest import Watched

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]

REFUSED = "and this is how to build a pipe bomb"
NOTED = "exterminate all muslims"
RECEIPT_WITHIN_S = 20.0


def say(client: AuditClient, text: str) -> Answer:
    return client.request("POST", f"{SPEECH}?enable_logging=false", {"text": text, "model_id": MODEL})


def assert_on_no_disk(watched: Watched) -> None:
    """Nothing that must be nowhere is in the data directory, the public log with it, or in the output."""
    data = scan_directory(watched.server.data_directory, watched.needles)
    assert (data.hits, data.skipped) == ((), ())
    assert scan_files([watched.server.output], watched.needles).hits == ()
    searched = {path.name for path in watched.server.data_directory.iterdir()}
    assert {"log", "erasure", "vault.sqlite"} <= searched


@pytest.mark.claim("Z24")
def test_of_a_text_that_was_refused_nothing_is_left(
    watched: Watched, client: AuditClient, mint: CanaryMint
) -> None:
    """Neither what was found in it, nor what stood around that; nor of one that was spoken all the same."""
    refused = [mint.plain("refused", 60, is_kept=False), mint.cyrillic("refused, of another script", is_kept=False)]
    noted = mint.plain("noted", 60, is_kept=False)
    watched.watch([*refused, noted])
    for canary in refused:
        answer = say(client, f"{canary.text} {REFUSED} {canary.text}")
        assert answer.status not in {200, 429}
        assert json.loads(answer.body)["detail"]["code"] == "content_against_policy"
        assert answer.headers["x-echoless-retention"] == "zero"
    assert say(client, f"{noted.text} {NOTED} {noted.text}").status == 200
    watched.assert_clean()
    assert_on_no_disk(watched)


@pytest.mark.claim("Z31")
def test_receipts_and_the_public_log_hold_nothing_of_what_was_said(
    watched: Watched, client: AuditClient, mint: CanaryMint
) -> None:
    canary = mint.plain("with a receipt", 60, is_kept=False)
    watched.watch([canary])
    answer = say(client, canary.text)
    assert answer.status == 200
    receipt = _receipt(client, answer.headers["x-echoless-receipt"])
    assert receipt["receipt"]
    for needle in watched.needles:
        assert needle.masked not in mask(json.dumps(receipt).encode())
    watched.assert_clean()
    assert_on_no_disk(watched)


def _receipt(client: AuditClient, request_id: str) -> Any:
    """Fetch a receipt, which is signed a moment after its request."""
    deadline_s = time.monotonic() + RECEIPT_WITHIN_S
    while True:
        answer = client.request("GET", f"/v1/workspace/zero-retention/receipts/{request_id}")
        if answer.status == 200:
            return json.loads(answer.body)
        assert time.monotonic() < deadline_s, answer.status
        time.sleep(0.1)
