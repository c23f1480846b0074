"""The text socket against the bare engine: from the first complete clause to the first audio."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Final

from echoless.bench.bare import BareProcesses
from echoless.bench.corpus import BenchText, clause_text
from echoless.bench.figures import percentile
from echoless.bench.load import run_closed_loop
from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport
from echoless.bench.socket_framing import BenchSocket, frame
from echoless.core.server_process import ServerProcess

_FORMAT: Final = "mp3_44100_128"
_MODEL: Final = "eleven_flash_v2_5"
_SAMPLES_PER_TURN: Final = 20


def measure_sockets(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Compare the time from a clause to its first audio, on a new socket each time, with that of a bare engine.

    Both sides take turns. The socket is open and initialised before the clock starts, as a client's is that waits
    for a language model.
    """
    text = clause_text()
    turns = options.scaled(8, 3)
    server_ms: list[float] = []
    bare_ms: list[float] = []
    with BareProcesses.start(1, _FORMAT, [text]) as bare:
        run_closed_loop(bare.clients, [0] * _SAMPLES_PER_TURN)
        _clauses_ms(server, text)
        for turn in range(turns):
            timings, _ = run_closed_loop(bare.clients, [0] * _SAMPLES_PER_TURN)
            bare_ms += [1000 * timing.first_byte_s for timing in timings]
            server_ms += _clauses_ms(server, text)
            options.progress("sockets", (turn + 1) / turns)
    _judge(server_ms, bare_ms, report)


def _judge(server_ms: Sequence[float], bare_ms: Sequence[float], report: BenchReport) -> None:
    bare_p50 = percentile(bare_ms, 0.5)
    report.add("socket: clause to first audio, bare, p50", bare_p50, "ms")
    report.judge(
        "socket: clause to first audio, p50", percentile(server_ms, 0.5), "ms", bound=3 * bare_p50 + 2,
        side="at most",
    )  # fmt: skip
    report.add("socket: clause to first audio, p95", percentile(server_ms, 0.95), "ms")


def _clauses_ms(server: ServerProcess, text: BenchText) -> list[float]:
    path = (
        f"/v1/text-to-speech/{text.catalogue_id}/stream-input?model_id={_MODEL}&output_format={_FORMAT}"
        "&auto_mode=true&enable_logging=false"
    )
    begin = frame(json.dumps({"text": " "}).encode())
    clause = frame(json.dumps({"text": f"{text.text} "}).encode())
    return [_clause_ms(server, path, begin, clause) for _ in range(_SAMPLES_PER_TURN)]


def _clause_ms(server: ServerProcess, path: str, begin: bytes, clause: bytes) -> float:
    with BenchSocket(server.url, path, server.api_key) as opened:
        opened.send(begin)
        # As long as anybody needs for a first clause, so that the greeting is not measured.
        time.sleep(0.005)
        began_s = time.perf_counter()
        opened.send(clause)
        while not json.loads(opened.receive())["audio"]:
            pass
        return 1000 * (time.perf_counter() - began_s)
