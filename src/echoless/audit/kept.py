"""Checks that what should be kept is kept, where it belongs: in the vault, readable through its own doors only."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.options import AskOperator, RunningServer
from echoless.audit.plantings.speech_to_text import transcript_of as kept_transcript
from echoless.audit.reports.report import AuditReport
from echoless.audit.sending import Planted, Spoken
from echoless.core.errors import EcholessError
from echoless.crossing.answers import told
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
    # What was heard live is in nobody's list: neither history nor transcripts name it.
    kept = [item for item in spoken if item.planting.is_kept and not _is_live(item)]
    by_request = {} if all(item.history_item_id for item in kept) else _items_by_request(client)
    wrong = [item.planting.name for item in kept if not _is_there(client, item, by_request)]
    report.check(
        "kept items are there", bool(kept) and not wrong,
        f"{len(kept) - len(wrong)} of {len(kept)} with their text, their audio or their transcript"
        + (f"; not: {', '.join(wrong)}" if wrong else ""),
    )  # fmt: skip
    if server.is_remote:
        return
    _check_vault_search(
        lambda word: _count(server, ask_operator, word), mint, kept, round_count=len(rounds), report=report
    )


def _is_live(item: Spoken) -> bool:
    return item.planting.is_socket and item.planting.transcript_of is not None


def _is_there(client: AuditClient, item: Spoken, by_request: Mapping[str, Sequence[str]]) -> bool:
    if item.planting.transcript_of is not None:
        return _is_transcript(client, item)
    return _is_in_history(client, item, by_request)


def _is_transcript(client: AuditClient, item: Spoken) -> bool:
    """Whether a transcript can be fetched again: every word that is kept was in the answer."""
    answer = client.request("GET", f"/v1/speech-to-text/transcripts/{quote(item.history_item_id)}")
    if answer.status != 200:
        return False
    # Another dialect answers in another shape; what is kept has one shape for all.
    kept_words = set(kept_transcript(answer.body).split())
    return bool(kept_words) and kept_words <= set(item.transcript.split())


def _items_by_request(client: AuditClient) -> dict[str, list[str]]:
    """Return the items of the history, oldest first, by the request that made them: a socket names none."""
    answer = client.request("GET", "/v1/history?page_size=1000&sort_direction=asc")
    items: dict[str, list[str]] = defaultdict(list)
    for row in json.loads(answer.body)["history"] if answer.status == 200 else ():
        items[row["request_id"]].append(row["history_item_id"])
    return items


def _is_in_history(client: AuditClient, item: Spoken, by_request: Mapping[str, Sequence[str]]) -> bool:
    """Whether its items, one for each turn, have the planted text and the very bytes that the client got."""
    planting = item.planting
    texts, audio = [], b""
    for item_id in [item.history_item_id] if item.history_item_id else by_request.get(item.request_id, ()):
        path = f"/v1/history/{quote(item_id)}"
        row, sound = client.request("GET", path), client.request("GET", f"{path}/audio")
        if row.status != 200 or sound.status != 200:
            return False
        audio += sound.body
        try:
            texts.append(planting.kept_text_of(json.loads(row.body)))
        except (ValueError, KeyError, TypeError):
            return False
    meant = planting.kept_text or (planting.text.text if planting.text is not None else "")
    return bool(texts) and "\n".join(texts) == meant and audio == item.audio


def _check_vault_search(
    count: Callable[[str], int],
    mint: CanaryMint,
    kept: Sequence[Spoken],
    *,
    round_count: int,
    report: AuditReport,
) -> None:
    try:
        texts = [item.planting.text for item in kept if item.planting.text is not None]
        found = sum(count(text.words[0]) == round_count for text in texts)
        zero = [canary for canary in mint.where(is_kept=False) if len(canary.text) > len(mint.anchor)]
        leaked = [canary.name for canary in zero if count(canary.words[0])]
    except EcholessError as error:
        report.check("the vault's own search", False, f"cannot ask the vault: {error.public_description}")
        return
    report.check(
        "kept canaries are in the vault", bool(kept) and found == len(texts),
        f"{found} of {len(texts)} found by searching decrypted texts",
    )  # fmt: skip
    report.check(
        "zero-retention canaries are not in the vault", bool(zero) and not leaked,
        f"{len(leaked)} of {len(zero)} found" + (f": {', '.join(leaked)}" if leaked else ""), "C21",
    )  # fmt: skip


def _count(server: RunningServer, ask_operator: AskOperator, word: str) -> int:
    answer = told(ask_operator(server.data_directory, SearchKept(word)), KeptFound)
    assert answer.searched_bytes > 0 or answer.item_count == 0, "items were found, so something was searched"
    return answer.item_count
