"""Fetches of recordings and deliveries of webhooks: to where a client or an owner said, as far as that may be."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_records import (
    KIND_FETCHED,
    WEBHOOK_BYTES_MAX,
    Deliver,
    Delivered,
    Fetch,
    FetchBegan,
    FetchEnded,
)
from echoless.crossing.records import Record
from echoless.volatile.egress.connections import Answer, Connections, NoAnswerError
from echoless.volatile.egress.jobs import Job
from echoless.volatile.egress.targets import Target, parse_target, redirect_target

REDIRECTS_MAX: Final = 5
FETCH_S_MAX: Final = 3600.0
RETRY_DELAYS_S: Final = (1.0, 5.0, 25.0, 125.0)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DELIVERY_S_MAX: Final = 60.0


def signature(secret: str, timestamp_s: int, body: bytes | bytearray) -> str:
    """Return the value of the header that proves a webhook.

    returns: `t=<unix seconds>,v0=<HMAC-SHA256 of "t.body" in small hex>`
    source:  the wire contract, agents, section 11
    """
    digest = hmac.new(secret.encode("utf-8"), b"%d." % timestamp_s, hashlib.sha256)
    digest.update(body)
    return f"t={timestamp_s},v0={digest.hexdigest()}"


class Outbound:
    """Does what gateways ask of the one process that may reach addresses which clients name.

    now_s: the time of day, for signatures
    retry_delays_s: how long to wait before each further attempt
    """

    def __init__(
        self,
        connections: Connections,
        now_s: Callable[[], float],
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        self._connections = connections
        self._now_s = now_s
        self._retry_delays_s = retry_delays_s

    async def perform(self, job: Job, asked: Record) -> None:
        """Fetch or deliver.

        raises: EcholessError for what cannot be done
        """
        match asked:
            case Fetch():
                await _in_time(self._fetch(job, asked))
            case Deliver():
                await self._deliver(job, asked)
            case _:
                raise EcholessError(
                    ErrorCode.INTERNAL_ERROR, "this process fetches and delivers, and does nothing else"
                )

    # --- fetches ---

    async def _fetch(self, job: Job, asked: Fetch) -> None:
        job.open_window(asked.window_bytes)
        target: Target | None = parse_target(asked.url)
        for _ in range(REDIRECTS_MAX + 1):
            assert target is not None
            target = await self._fetch_from(job, target, asked.bytes_max)
            if target is None:
                return
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The address leads from one place to another too often.")

    async def _fetch_from(self, job: Job, target: Target, bytes_max: int) -> Target | None:
        """Fetch from one place, or return where it leads; each place is checked anew."""
        unreachable = False
        try:
            async with self._connections.ask("GET", target, {"accept": "*/*"}) as answer:
                if answer.status in _REDIRECTS:
                    return redirect_target(target, answer.header("location"))
                await self._pass_on(job, answer, bytes_max)
        except NoAnswerError:
            unreachable = True
        if unreachable:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The address does not answer.")
        return None

    async def _pass_on(self, job: Job, answer: Answer, bytes_max: int) -> None:
        if answer.status != 200:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, f"The address answers with status {answer.status} and no recording."
            )
        if answer.header("content-encoding").lower() not in {"", "identity"}:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The address answers with a compressed body.")
        if (answer.content_bytes or 0) > bytes_max:
            raise _too_large(bytes_max)
        job.post(FetchBegan(answer.content_bytes))
        taken_bytes = 0
        async for piece in answer.pieces():
            taken_bytes += len(piece)
            if taken_bytes > bytes_max:
                raise _too_large(bytes_max)
            await job.send(KIND_FETCHED, piece)
        job.post(FetchEnded("", ""))

    # --- webhooks ---

    async def _deliver(self, job: Job, asked: Deliver) -> None:
        """Deliver once, or until it is delivered where it may be tried again. Nothing is kept for later."""
        target = parse_target(asked.url)
        body = await _body_of(job, asked)
        try:
            delays_s = iter(self._retry_delays_s if asked.may_retry and not asked.is_zero else ())
            attempt_count = 1
            while not _is_final(status := await self._attempt(target, asked.secret, body)):
                delay_s = next(delays_s, None)
                if delay_s is None:
                    break
                await asyncio.sleep(delay_s)
                attempt_count += 1
        finally:
            body[:] = bytes(len(body))
        is_delivered = 200 <= status < 300
        job.post(Delivered(status, attempt_count, "" if is_delivered else ErrorCode.ENGINE_UNAVAILABLE.value))

    async def _attempt(self, target: Target, secret: str, body: bytearray) -> int:
        """Return the status that the other side gave, 0 where it gave none."""
        headers = {"content-type": "application/json", "content-length": str(len(body))}
        if secret:
            headers["ElevenLabs-Signature"] = signature(secret, int(self._now_s()), body)
        try:
            async with (
                asyncio.timeout(_DELIVERY_S_MAX),
                self._connections.ask("POST", target, headers, bytes(body)) as answer,
            ):
                return answer.status
        except (NoAnswerError, TimeoutError):
            return 0


async def _in_time(fetch: Coroutine[None, None, None]) -> None:
    try:
        async with asyncio.timeout(FETCH_S_MAX):
            await fetch
    except TimeoutError:
        is_late = True
    else:
        is_late = False
    if is_late:
        raise EcholessError(ErrorCode.REQUEST_TIMEOUT, "The address took too long.")


async def _body_of(job: Job, asked: Deliver) -> bytearray:
    if asked.body_bytes > WEBHOOK_BYTES_MAX:
        raise _too_large(WEBHOOK_BYTES_MAX)
    body = bytearray()
    if asked.body_bytes:
        async for piece in job.inputs(has_credit=False):
            body += piece
            if len(body) >= asked.body_bytes:
                break
    if len(body) != asked.body_bytes:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "a webhook's body is not as long as was said")
    return body


def _is_final(status: int) -> bool:
    """Whether another attempt would change nothing: it was taken, or refused for good. 5xx may pass."""
    return 200 <= status < 500


def _too_large(bytes_max: int) -> EcholessError:
    return EcholessError(ErrorCode.FILE_TOO_LARGE, f"The recording has more than {bytes_max} bytes.")
