"""What answers tell: of a request that was not kept nothing is there to fetch, guess or time; none is cached.

source: the wire contract, zero retention, sections 2 to 4
"""

from __future__ import annotations

import json
import re
import statistics
import time
from typing import Any, Final

from echoless.audit.client import Answer
from echoless.audit.parts.asking import ZERO_QUERY, Asking, is_refused, is_served_zero
from echoless.core.ids import new_ticket_id, request_id_of

_TIMED: Final = 16
_TIMED_SPREAD_S: Final = 0.005
_OWN_WORDS: Final = re.compile(rb'"request_id":\s*"[^"]*"')
_FETCHED: Final = (
    "/v1/history/{}",
    "/v1/history/{}/audio",
    "/v1/history/{}/input-audio",
    "/v1/speech-to-text/transcripts/{}",
)
_STITCHED: Final = ("previous_request_ids", "next_request_ids")


def check_answers(asking: Asking) -> None:
    """Look at what a zero-retention request leaves for whoever asks afterwards."""
    zero = asking.speak("traces", ZERO_QUERY)
    request_id = zero.headers.get("request-id", "")
    _check_unknown(asking, request_id)
    _check_stitching(asking, request_id)
    _check_counters(asking)
    _check_caching(asking)


def _check_unknown(asking: Asking, request_id: str) -> None:
    """T41: neither status nor body nor time tell a request that was not kept from one that never was."""
    with asking.check("the id of what was not kept answers as one that never was", "C11") as check:
        check.expect(bool(request_id), "the answer has no request id")
        never = request_id_of(new_ticket_id())
        for path in _FETCHED:
            first, second = asking.get(path.format(request_id)), asking.get(path.format(never))
            check.expect(first.status == 404, f"{path}: status {first.status}")
            check.expect(_alike(first) == _alike(second), f"{path}: the answers differ")
        listed = asking.member("/v1/history?page_size=100", "history")
        check.expect(request_id not in {row.get("request_id") for row in listed}, "the history lists it")
        known_s, unknown_s = _quick_times_s(asking, *(_FETCHED[0].format(name) for name in (request_id, never)))
        check.note = f"{known_s * 1e3:.2f} ms and {unknown_s * 1e3:.2f} ms"
        spread_s = max(_TIMED_SPREAD_S, 0.5 * unknown_s)
        check.expect(abs(known_s - unknown_s) <= spread_s, "the times differ")


def _quick_times_s(asking: Asking, *paths: str) -> tuple[float, ...]:
    """Return the lower quartile of each path's times, asked in turn: what else the machine does only adds."""
    took_s: dict[str, list[float]] = {path: [] for path in paths}
    for _ in range(_TIMED):
        for path, times in took_s.items():
            times.append(_took_s(asking, path))
    return tuple(statistics.quantiles(times, n=4)[0] for times in took_s.values())


def _alike(answer: Answer) -> tuple[int, bytes, frozenset[str]]:
    """Return what an answer says but for the ids of the asking requests themselves."""
    return answer.status, _OWN_WORDS.sub(b"", answer.body), frozenset(answer.headers)


def _took_s(asking: Asking, path: str) -> float:
    began_s = time.perf_counter()
    asking.client.request("GET", path)
    return time.perf_counter() - began_s - asking.scene.options.pause_s


def _check_stitching(asking: Asking, request_id: str) -> None:
    with asking.check("earlier requests that were not kept cannot be continued", "C13") as check:
        never = request_id_of(new_ticket_id())
        for name in _STITCHED:
            made: dict[str, Any] = {name: [request_id]}
            invented: dict[str, Any] = {name: [never]}
            zero, unknown = asking.speak("continued", **made), asking.speak("continued", **invented)
            check.expect(zero.status == 400, f"{name}: status {zero.status}")
            check.expect(_alike(zero) == _alike(unknown), f"{name}: the answers differ")
            both = asking.speak("continued with zero", ZERO_QUERY, **invented)
            is_right = is_refused(both, 400, "zero_retention_not_supported", name)
            check.expect(is_right, f"{name} with zero retention: status {both.status}")


def _check_counters(asking: Asking) -> None:
    """C12, T16: the same words twice cost twice, so nothing was answered from memory."""
    with asking.check("counters move, and the same words are worked on again", "C12", "C43") as check:
        before = asking.member("/v1/user", "subscription", "character_count")
        text = asking.text("repeated")
        headers = {"idempotency-key": "audit-one-and-the-same", "x-idempotency-key": "audit-one-and-the-same"}
        answers = [asking.speak("repeated", ZERO_QUERY, headers, text=text) for _ in range(2)]
        after = asking.member("/v1/user", "subscription", "character_count")
        check.expect(all(is_served_zero(answer) for answer in answers), "it is not served")
        first, second = (int(answer.headers["character-cost"]) for answer in answers)
        cost = first + second
        check.expect(first == second > 0, f"it cost {first} characters, then {second}")
        # Others may be at work meanwhile on a server in use.
        is_counted = after - before >= cost if asking.scene.server.is_in_use else after - before == cost
        check.expect(is_counted, f"{after - before} characters counted of {cost}")
        ids = {answer.headers["request-id"] for answer in answers}
        check.expect(len(ids) == len(answers), "one answer was given twice")
        check.expect(ids <= _logged(asking), "the request log has no row of them")


def _logged(asking: Asking) -> set[str]:
    answer = asking.client.request("POST", "/v1/workspace/analytics/requests", {"limit": 100})
    table: dict[str, Any] = json.loads(answer.body)
    place = table["columns"].index("request_id")
    return {row[place] for row in table["rows"]}


def _check_caching(asking: Asking) -> None:
    with asking.check("no answer may be cached, ranged, redirected or tied to a cookie", "C41", "C42") as check:
        answers = {
            "spoken": asking.speak("cached", ZERO_QUERY),
            "refused": asking.speak("cached", "?enable_logging=no"),
        }
        answers["ranged"] = asking.speak("cached", ZERO_QUERY, {"range": "bytes=0-9"})
        kept = asking.speak("cached and kept", is_kept=True)
        item = kept.headers.get("history-item-id", "")
        answers |= {"kept": kept, "history": asking.get("/v1/history"), "item": asking.get(f"/v1/history/{item}")}
        answers["audio"] = asking.get(f"/v1/history/{item}/audio", {"range": "bytes=0-9"})
        answers["not found"] = asking.get("/v1/history/audit-nowhere")
        for name, answer in answers.items():
            said = answer.headers.get("cache-control", "")
            check.expect("no-store" in said, f"{name}: cache-control is {said or 'absent'}")
            check.expect(
                "etag" not in answer.headers and "last-modified" not in answer.headers, f"{name}: has a tag"
            )
            check.expect("set-cookie" not in answer.headers, f"{name}: sets a cookie")
            check.expect(not 300 <= answer.status < 400, f"{name}: is redirected")
            check.expect(answer.status != 206 and "content-range" not in answer.headers, f"{name}: is a range")
