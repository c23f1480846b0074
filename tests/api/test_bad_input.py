"""Bad input against the whole server: the contract's error or a clean end, never a 5xx, a hang or a leftover."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from echoless.core.processes import cpu_seconds, resident_bytes
from tests.fakes.raw_client import (
    SPEECH,
    RawAnswer,
    open_generations,
    raw_connection,
    request_bytes,
)
from tests.fakes.running_server import RunningServer, running_server

pytestmark = pytest.mark.api

FAST = "eleven_flash_v2_5"
MIB = 1024 * 1024
MODES = ["zero", "default"]
MARK = "marked-9d3f61"
NESTED = 100_000
# What a process says when something happened that nobody foresaw.
ALARMS = ("unexpected_error", "frame_refused", "content_refused", "process_exited", "process_replaced")


def speech_path(mode: str, *, suffix: str = "", more: str = "") -> str:
    return f"{SPEECH}{suffix}?enable_logging={'false' if mode == 'zero' else 'true'}{more}"


def body_of(text: object, **members: object) -> bytes:
    return json.dumps({"text": text} | members).encode()


def alarms(server: RunningServer) -> list[str]:
    return [line for line in server.output().splitlines() if any(f'"{alarm}"' in line for alarm in ALARMS)]


def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with short deadlines, for clients that are slow on purpose."""
    variables = {
        "ECHOLESS_HEADER_TIMEOUT_S": "1",
        "ECHOLESS_BODY_TIMEOUT_S": "1",
        "ECHOLESS_WRITE_TIMEOUT_S": "1.5",
    }
    with running_server(tmp_path_factory.mktemp("strict"), "--engines", "2", variables=variables) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: no process had to say anything, and no generation is open."""
    server: RunningServer = request.getfixturevalue("strict" if "strict" in request.fixturenames else "server")
    before = len(alarms(server))
    yield
    for model_id in ("eleven_multilingual_v2", FAST):
        closed = partial(open_generations, server.base_url, server.api_key, model_id)
        assert until(lambda closed=closed: closed() == 0), "a generation stayed open"
    assert alarms(server)[before:] == []


def ask(server: RunningServer, path: str, body: bytes, *headers: str, key: str | None = None) -> RawAnswer:
    """Send one request on a connection of its own; a server that stops taking the body may still answer."""
    with raw_connection(server.base_url) as connection:
        with contextlib.suppress(ConnectionError):
            connection.send(
                request_bytes("POST", path, *headers, body=body, key=server.api_key if key is None else key)
            )
        answer = connection.answer()
    assert answer is not None, "the connection ended without an answer"
    assert answer.is_whole
    return answer


# --- texts ---

SPOKEN = {
    "one character": "a",
    "a full stop": ".",
    "only emoji": "😀🎉👨‍👩‍👧🏳️‍🌈" * 10,
    "right to left": "مرحبا بالعالم. שלום עולם.",
    "mixed scripts": "Hello Привет 你好 γειά नमस्ते สวัสดี",
    "NUL inside": "a\0b",
    "only NUL": "\0",
    "only marks of direction": "\u202e\u200f\u200d",
    "control characters": "\x1b[31m red \x07\x7f",
    "a heap of accents": "e" + "\u0301" * 3000,
    "the last character there is": "\U0010ffff",
    "markup that never closes": "<break time='9e99s'/><prosody <<&amp;",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SPOKEN)
def test_odd_texts_are_spoken(server: RunningServer, name: str, mode: str) -> None:
    answer = ask(server, speech_path(mode), body_of(SPOKEN[name]))
    assert (answer.status, answer.headers["x-echoless-retention"]) == (200, mode)
    assert len(answer.body) > 500


@pytest.mark.parametrize("name", ["only emoji", "right to left", "NUL inside", "a heap of accents"])
def test_odd_texts_are_aligned_character_by_character(server: RunningServer, name: str) -> None:
    answer = ask(server, speech_path("zero", suffix="/with-timestamps"), body_of(SPOKEN[name]))
    assert answer.status == 200
    assert "".join(json.loads(answer.body)["alignment"]["characters"]) == SPOKEN[name]


@pytest.mark.parametrize("mode", MODES)
def test_the_longest_text_is_spoken_and_one_character_more_is_refused(server: RunningServer, mode: str) -> None:
    path = speech_path(mode, suffix="/stream", more="&output_format=ulaw_8000")
    whole = ask(server, path, body_of("a" * 40_000, model_id="eleven_flash_v2_5"))
    assert whole.status == 200
    assert len(whole.body) > MIB
    longer = ask(server, path, body_of("a" * 40_001, model_id="eleven_flash_v2_5"))
    assert (longer.status, longer.code) == (400, "max_character_limit_exceeded")


# --- bodies ---

REFUSED_BODIES = {
    "no body": (b"", 422),
    "empty text": (body_of(""), 422),
    "blank text": (body_of(" \n\t\u2003"), 422),
    "no text": (b"{}", 422),
    "a lone surrogate": (b'{"text": "%s \\ud800"}' % MARK.encode(), 422),
    "surrogates in the wrong order": (b'{"text": "%s \\udc00\\ud800"}' % MARK.encode(), 422),
    "no UTF-8": (b'{"text": "%s \xff"}' % MARK.encode(), 422),
    "UTF-16": (body_of(MARK).decode().encode("utf-16"), 422),
    "a byte-order mark": (b"\xef\xbb\xbf" + body_of(MARK), 422),
    "cut off": (body_of(MARK)[:-2], 422),
    "two documents": (body_of(MARK) * 2, 422),
    "10 MB": (body_of("a" * 10_000_000), 413),
    "deeply nested lists": (b"[" * NESTED + b"]" * NESTED, 422),
    "deeply nested beside a text": (b'{"text": "a", "x": ' + b"[" * NESTED + b"]" * NESTED + b"}", 422),
    "deeply nested objects that never close": (b'{"x":' * NESTED, 422),
    "a list": (b'["%s"]' % MARK.encode(), 422),
    "a text": (b'"%s"' % MARK.encode(), 422),
    "null": (b"null", 422),
    "text is a number": (body_of(17), 422),
    "text is a list": (body_of([MARK]), 422),
    "text is an object": (body_of({MARK: MARK}), 422),
    "text is null": (body_of(None), 422),
    "text is a truth value": (body_of(True), 422),
    "settings are a text": (body_of("a", voice_settings=MARK), 422),
    "a setting is a text": (body_of("a", voice_settings={"speed": MARK}), 422),
    "a setting over its range": (body_of("a", voice_settings={"stability": 1.5}), 422),
    "a setting that is no number": (b'{"text": "a", "voice_settings": {"speed": NaN}}', 422),
    "a seed beyond every float": (b'{"text": "a", "seed": 1e999}', 422),
    "a seed of 5,000 digits": (b'{"text": "a", "seed": %s}' % (b"9" * 5000), 422),
    "a negative seed": (body_of("a", seed=-1), 422),
    "a model that is a number": (body_of("a", model_id=5), 422),
    "too many request ids": (body_of("a", previous_request_ids=[MARK] * 4), 422),
    "an unknown model": (body_of("a", model_id=MARK), 404),
    "an unknown dictionary": (
        body_of("a", pronunciation_dictionary_locators=[{"pronunciation_dictionary_id": MARK}]),
        404,
    ),
    "the switch in the body": (body_of("a", enable_logging=False), 422),
}


@pytest.mark.claim("Z14")
@pytest.mark.claim("Z15")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", REFUSED_BODIES)
def test_bad_bodies_get_the_contracts_error_without_an_echo(server: RunningServer, name: str, mode: str) -> None:
    """C26, T6, T44."""
    body, status = REFUSED_BODIES[name]
    answer = ask(server, speech_path(mode), body)
    # Whoever puts the switch into the body wants nothing kept, whatever the query says.
    stated = "zero" if name == "the switch in the body" else mode
    assert (answer.status, answer.headers["x-echoless-retention"]) == (status, stated)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.code == {404: answer.code, 413: "file_too_large", 422: "fields"}[status]
    assert MARK.encode() not in answer.body
    assert len(answer.body) < 4096


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (SPEECH.rpartition("/")[0] + "/nobody", 404, "voice_not_found"),
        (SPEECH.rpartition("/")[0] + "/%00%ff%2f..%2f", 404, "voice_not_found"),
        (SPEECH.rpartition("/")[0] + "/" + "v" * 20_000, 404, "voice_not_found"),
        (SPEECH + "/unknown", 404, "not_found"),
        ("/v1/music", 404, "not_available"),
    ],
    ids=["unknown voice", "voice of odd bytes", "voice without end", "unknown address", "missing product"],
)
def test_unknown_addresses_are_404(server: RunningServer, path: str, status: int, code: str, mode: str) -> None:
    query = "" if code == "not_available" else f"?enable_logging={str(mode == 'default').lower()}"
    answer = ask(server, path + query, body_of("a"))
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("more", ["&output_format=flac", "&output_format=", "&optimize_streaming_latency=9"])
def test_unknown_values_in_the_query_are_422(server: RunningServer, more: str) -> None:
    answer = ask(server, speech_path("zero", more=more), body_of("a"))
    assert (answer.status, answer.code) == (422, "fields")


@pytest.mark.parametrize("key", ["", "sk_nobody", "k" * 5000, "\x80\xff"], ids=["none", "unknown", "long", "bytes"])
def test_without_a_known_key_it_is_401(server: RunningServer, key: str) -> None:
    answer = ask(server, speech_path("zero"), body_of(MARK), key=key)
    assert (answer.status, answer.code) == (401, "invalid_api_key")
    assert answer.headers["x-echoless-retention"] == "zero"


# --- refused before the body ---


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        (speech_path("zero"), "sk_nobody", 401),
        (SPEECH + "?enable_logging=maybe", None, 422),
        ("/v1/voices/add?enable_logging=false", None, 400),
        (SPEECH.rpartition("/")[0] + "/nobody?enable_logging=false", None, 404),
        (speech_path("default"), None, 413),
    ],
    ids=["no key", "unreadable switch", "not eligible", "unknown voice", "too large"],
)
def test_a_gigabyte_on_a_refused_request_is_not_read(
    server: RunningServer, path: str, key: str | None, status: int
) -> None:
    """The answer comes at once, and soon nobody takes the body any more."""
    head = request_bytes("POST", path, f"content-length: {10**9}", key=server.api_key if key is None else key)
    with raw_connection(server.base_url) as connection:
        began_s = time.monotonic()
        connection.send(head)
        answer = connection.answer()
        assert answer is not None
        assert time.monotonic() - began_s < 2.0
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        with pytest.raises(ConnectionError):
            for _ in range(64):
                connection.send(b" " * MIB)


@pytest.mark.parametrize("path", [speech_path("zero"), SPEECH + "?enable_logging=maybe"])
def test_an_expected_continue_comes_only_where_the_body_is_wanted(server: RunningServer, path: str) -> None:
    body = body_of("a")
    head = request_bytes("POST", path, "expect: 100-continue", f"content-length: {len(body)}", key=server.api_key)
    is_granted = "maybe" not in path
    with raw_connection(server.base_url) as connection:
        connection.send(head)
        first = connection.head()
        assert first is not None
        assert first.status == (100 if is_granted else 422)
        if is_granted:
            connection.send(body)
            answer = connection.answer()
            assert answer is not None
            assert (answer.status, answer.is_whole) == (200, True)


def test_a_chunked_body_without_end_is_cut_at_the_bound(server: RunningServer) -> None:
    head = request_bytes("POST", speech_path("zero"), "transfer-encoding: chunked", key=server.api_key)
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with raw_connection(server.base_url) as connection:
        connection.send(head)
        with pytest.raises(ConnectionError):
            for _ in range(512):
                connection.send(chunk)
        answer = connection.answer()
        assert answer is None or answer.status == 413


# --- connections ---

NOT_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "two framings": b"POST / HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a name with a blank": b"GET / HTTP/1.1\r\nho st: a\r\n\r\n",
}


@pytest.mark.parametrize("name", NOT_HTTP)
def test_what_is_no_http_is_refused_and_the_connection_ends(server: RunningServer, name: str) -> None:
    with raw_connection(server.base_url, timeout_s=5) as connection:
        connection.send(NOT_HTTP[name])
        answer = connection.answer()
        assert answer is None or 400 <= answer.status < 500
        assert connection.is_ended()


def test_pipelined_requests_are_answered_in_their_order(server: RunningServer) -> None:
    one = request_bytes("POST", speech_path("zero"), body=body_of("One."), key=server.api_key)
    bad = request_bytes("POST", speech_path("zero"), body=body_of(""), key=server.api_key)
    kept = request_bytes("POST", speech_path("default"), body=body_of("Two."), key=server.api_key)
    health = request_bytes("GET", "/health")
    with raw_connection(server.base_url) as connection:
        connection.send(one + bad + kept + health + one)
        answers = [connection.answer() for _ in range(5)]
    assert [answer.status for answer in answers if answer is not None] == [200, 422, 200, 200, 200]
    modes = [answer.headers.get("x-echoless-retention") for answer in answers if answer is not None]
    assert modes == ["zero", "zero", "default", None, "zero"]
    assert answers[0] is not None and answers[4] is not None
    assert answers[0].body == answers[4].body


def test_what_follows_a_refused_body_is_never_a_request(server: RunningServer) -> None:
    """The unread body of a refused request must not be taken for the next request of the connection."""
    hidden = request_bytes("POST", speech_path("default"), body=body_of(MARK), key=server.api_key)
    refused = request_bytes("POST", speech_path("zero"), body=hidden, key="sk_nobody")
    with raw_connection(server.base_url) as connection:
        connection.send(refused + hidden)
        first = connection.answer()
        assert first is not None
        assert first.status == 401
        assert connection.answer() is None


def test_requests_without_end_on_one_connection_are_cut(server: RunningServer) -> None:
    flood = request_bytes("POST", speech_path("zero"), body=body_of("a"), key=server.api_key) * 500
    with raw_connection(server.base_url) as connection:
        with contextlib.suppress(ConnectionError):
            connection.send(flood)
        answers = 0
        while connection.answer() is not None:
            answers += 1
    assert answers < 32


def test_slow_heads_and_bodies_are_closed_while_others_are_served(strict: RunningServer) -> None:
    """Slowloris: a byte now and then does not hold a connection open."""
    head = request_bytes("POST", speech_path("zero"), "content-length: 5000", key=strict.api_key)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(raw_connection(strict.base_url, timeout_s=5)) for _ in range(40)]
        began_s = time.monotonic()
        for place in range(40):
            for number, connection in enumerate(connections):
                # One half never ends its head, the other half never ends its body.
                data = head + b" " * place if number % 2 else head[:-4] + b"x" * place
                with contextlib.suppress(ConnectionError):
                    connection.send(data if not place else data[-1:])
            assert ask(strict, speech_path("zero"), body_of("a")).status == 200
            time.sleep(0.05)
        for number, connection in enumerate(connections):
            answer = connection.answer()
            assert answer is None or (number % 2 and answer.status == 408), answer
            assert connection.is_ended()
        assert time.monotonic() - began_s < 10


def test_clients_that_never_read_cost_little_and_are_cut(strict: RunningServer) -> None:
    """Memory stays bounded, and after the write timeout the connection is gone and its place is free."""
    assert ask(strict, speech_path("zero"), body_of("Warm.")).status == 200
    asked = request_bytes(
        "POST",
        speech_path("zero", suffix="/stream", more="&output_format=pcm_48000"),
        body=body_of("A sentence that goes on for a while. " * 1000, model_id=FAST),
        key=strict.api_key,
    )
    before = {pid: resident_bytes(pid) for pids in strict.pids().values() for pid in pids}
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(raw_connection(strict.base_url, receive_buffer_bytes=4096)) for _ in range(8)
        ]
        began_s = time.monotonic()
        for connection in connections:
            connection.send(asked)
        assert until(lambda: open_generations(strict.base_url, strict.api_key, FAST) >= 4, 5.0)
        most = dict(before)
        while open_generations(strict.base_url, strict.api_key, FAST):
            most = {pid: max(most[pid], resident_bytes(pid)) for pid in before}
            assert time.monotonic() - began_s < 20, "clients that never read were not cut"
        grown = {pid: most[pid] - before[pid] for pid in before}
        assert max(grown.values()) < 16 * MIB, grown
        for connection in connections:
            answer = connection.answer()
            assert answer is None or not answer.is_whole


# --- many at once ---


async def _speak_once(host: str, port: int, asked: bytes, gate: asyncio.Event) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        await gate.wait()
        writer.write(asked)
        data = await asyncio.wait_for(reader.read(), 60)
        return int(data.split(b" ", 2)[1]), data
    finally:
        writer.close()
        await writer.wait_closed()


async def _all_at_once(server: RunningServer, asked: bytes, count: int) -> list[tuple[int, bytes]]:
    place = urllib.parse.urlsplit(server.base_url)
    gate = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        clients = [
            tasks.create_task(_speak_once(str(place.hostname), int(place.port or 0), asked, gate))
            for _ in range(count)
        ]
        await asyncio.sleep(0.5)
        gate.set()
    return [client.result() for client in clients]


@pytest.mark.anyio
async def test_two_hundred_clients_at_once_are_served_by_all_gateways(server: RunningServer) -> None:
    """Over the limit of the workspace they wait for their turn; whoever waits too long is told to come again."""
    asked = request_bytes("POST", speech_path("zero"), "connection: close", body=body_of("a"), key=server.api_key)
    gateways = server.pids()["gateway"]
    before = {pid: cpu_seconds(pid) for pid in gateways}
    answers = await _all_at_once(server, asked, 200)
    spent = {pid: cpu_seconds(pid) - before[pid] for pid in gateways}
    served = [data for status, data in answers if status == 200]
    waited = [data for status, data in answers if status == 429]
    assert len(served) + len(waited) == 200
    assert len(served) >= 64
    assert all(data.endswith(b"\r\n0\r\n\r\n") for data in served)
    assert all(b"retry-after: 1" in data for data in waited)
    assert min(spent.values()) > 0.2 * sum(spent.values()), spent
