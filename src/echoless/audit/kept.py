"""Checks that what should be kept is kept, where it belongs: in the vault, readable through its own doors only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.options import AskOperator, RunningServer
from echoless.audit.report import AuditReport
from echoless.audit.sending import Planted, Spoken
from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import KeptFound, SearchKept


def check_kept(
    client: AuditClient,
    server: RunningServer,
    ask_operator: AskOperator,
    *,
    mint: CanaryMint,
    rounds: Sequence[Planted],
    report: AuditReport,
) -> None:
    """Fetch every kept item through the API, and let the vault search its decrypted texts."""
    spoken = [item for planted in rounds for item in planted.spoken]
    kept = [item for item in spoken if item.planting.is_kept]
    by_request = {} if all(item.history_item_id for item in kept) else _items_by_request(client)
    wrong = [item.planting.name for item in kept if not _is_in_history(client, item, by_request)]
    report.check(
        "kept items are in the history", bool(kept) and not wrong,
        f"{len(kept) - len(wrong)} of {len(kept)} with their text and their audio"
        + (f"; not: {', '.join(wrong)}" if wrong else ""),
    )  # fmt: skip
    _check_vault_search(
        lambda word: _count(server, ask_operator, word), mint, kept, round_count=len(rounds), report=report
    )


def _items_by_request(client: AuditClient) -> dict[str, str]:
    """Return the items of the history by the request that made them: a socket does not name its own."""
    answer = client.request("GET", "/v1/history?page_size=1000")
    if answer.status != 200:
        return {}
    return {row["request_id"]: row["history_item_id"] for row in json.loads(answer.body)["history"]}


def _is_in_history(client: AuditClient, item: Spoken, by_request: Mapping[str, str]) -> bool:
    """Whether an item has the text that was planted and the very bytes that the client got."""
    item_id = item.history_item_id or by_request.get(item.request_id, "")
    path = f"/v1/history/{quote(item_id)}"
    row, audio = client.request("GET", path), client.request("GET", f"{path}/audio")
    planting = item.planting
    if not item_id or row.status != 200 or audio.status != 200 or planting.text is None:
        return False
    try:
        text = planting.kept_text_of(json.loads(row.body))
    except (ValueError, KeyError, TypeError):
        return False
    return bool(text == (planting.kept_text or planting.text.text) and audio.body == item.audio)


def _check_vault_search(
    count: Callable[[str], int],
    mint: CanaryMint,
    kept: Sequence[Spoken],
    *,
    round_count: int,
    report: AuditReport,
) -> None:
    try:
        found = sum(
            count(item.planting.text.words[0]) == round_count for item in kept if item.planting.text is not None
        )
        zero = [canary for canary in mint.where(is_kept=False) if len(canary.text) > len(mint.anchor)]
        leaked = [canary.name for canary in zero if count(canary.words[0])]
    except EcholessError as error:
        report.check("the vault's own search", False, f"cannot ask the vault: {error.public_description}")
        return
    report.check(
        "kept canaries are in the vault", bool(kept) and found == len(kept),
        f"{found} of {len(kept)} found by searching decrypted texts",
    )  # fmt: skip
    report.check(
        "zero-retention canaries are not in the vault", bool(zero) and not leaked,
        f"{len(leaked)} of {len(zero)} found" + (f": {', '.join(leaked)}" if leaked else ""),
    )  # fmt: skip


def _count(server: RunningServer, ask_operator: AskOperator, word: str) -> int:
    answer = ask_operator(server.data_directory, SearchKept(word))
    assert isinstance(answer, KeptFound), "the vault answers a search with a count"
    assert answer.searched_bytes > 0 or answer.item_count == 0, "items were found, so something was searched"
    return answer.item_count
