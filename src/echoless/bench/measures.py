"""The measurements, each on servers that already run.

Two sides of a comparison take turns, A-B-A-B, on the same cores with the same load generator, and what counts is
the median of the ratios of neighbouring turns: a machine that slows down slows both.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from echoless.bench.bare import BareProcesses
from echoless.bench.corpus import LATENCY_CHARACTERS, LONG_CHARACTERS, BenchText, english_text, mixed_corpus
from echoless.bench.figures import lower_bound_of_median, percentile
from echoless.bench.http_framing import http_clients, prepared_requests
from echoless.bench.load import LoadClient, Timing, run_closed_loop
from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport, LoadPoint, ProcessCost
from echoless.core.processes import cpu_seconds, forget_peak, peak_resident_bytes, resident_bytes
from echoless.core.server_process import ServerProcess
from echoless.core.voices import VOICES

MP3: Final = "mp3_44100_128"
PCM: Final = "pcm_22050"
_CLIENTS_PER_ENGINE: Final = 4
_THROUGHPUT_GOALS: Final = {MP3: 0.90, PCM: 0.60}
_MIB: Final = 1024 * 1024
_GROWTH_MIB_MAX: Final = {"gateway": 8.0, "engine": 16.0, "vault": 16.0}
_CURVE: Final = (1, 2, 4, 8, 16)


@dataclass(slots=True)
class Side:
    """One side of a comparison: clients, and the jobs of one turn."""

    clients: Sequence[LoadClient]
    jobs: Sequence[int]

    def turn(self) -> tuple[list[Timing], float]:
        """Do all jobs once; return the timings and requests per second."""
        timings, seconds = run_closed_loop(self.clients, self.jobs)
        return timings, len(timings) / seconds

    def close(self) -> None:
        """Close the connections."""
        for client in self.clients:
            client.end.close()


def corpus(options: BenchOptions) -> tuple[BenchText, ...]:
    """Return the mixed corpus, spoken by the first catalogue voice of each language."""
    voices: dict[str, str] = {}
    for voice in VOICES:
        voices.setdefault(voice.language, voice.catalogue_id)
    return mixed_corpus(voices, options.scaled(96, 48))


def server_side(
    server: ServerProcess, texts: Sequence[BenchText], clients: int, *, output_format: str,
    jobs: Sequence[int], is_zero: bool = True, suffix: str = "/stream",
) -> Side:  # fmt: skip
    """Open clients of a server."""
    requests = prepared_requests(
        server.url, server.api_key, texts, suffix=suffix, output_format=output_format, is_zero=is_zero
    )
    return Side(http_clients(server.url, requests, clients), jobs)


def interleaved(
    first: Side, second: Side, rounds: int, progress: Callable[[float], None]
) -> tuple[list[float], list[float]]:
    """Let two sides take turns after one turn each that does not count; return requests per second of each turn."""
    first.turn()
    second.turn()
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side, of_side in zip((first, second), rates, strict=True):
            of_side.append(side.turn()[1])
        progress((number + 1) / rounds)
    return rates


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Return the median of the ratios of neighbouring turns."""
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def measure_throughput(
    server: ServerProcess, options: BenchOptions, report: BenchReport, output_format: str
) -> None:
    """Compare a server with the bare engine and encoder over the mixed corpus, and note what each process took."""
    texts = corpus(options)
    jobs = list(range(len(texts))) * (2 if output_format == PCM else 1)
    step = f"throughput {output_format}"
    rounds = options.scaled(6, 3)
    with BareProcesses.start(options.engine_count, output_format, texts) as bare:
        side = server_side(
            server, texts, _CLIENTS_PER_ENGINE * options.engine_count, output_format=output_format, jobs=jobs
        )
        bare_side = Side(bare.clients, jobs)
        amounts = [sum(timing.audio_bytes for timing in one.turn()[0]) for one in (side, bare_side)]
        before = {member.pid: cpu_seconds(member.pid) for member in server.family()}
        ours, bares = interleaved(side, bare_side, rounds, lambda f: options.progress(step, f))
        _note_costs(server, before, (rounds + 1) * len(jobs), output_format, report)
        side.close()
    if output_format == MP3:
        report.bare_requests_per_s = statistics.median(bares)
    report.add(f"{output_format}: audio for the same texts, server against bare", amounts[0] / amounts[1], "ratio")
    report.add(f"{output_format}: server", statistics.median(ours), "requests/s")
    report.add(f"{output_format}: bare engine and encoder", statistics.median(bares), "requests/s")
    report.judge(
        f"{output_format}: server against bare", median_ratio(ours, bares), "ratio",
        bound=_THROUGHPUT_GOALS[output_format], side="at least",
    )  # fmt: skip


def _note_costs(
    server: ServerProcess, before: dict[int, float], request_count: int, part: str, report: BenchReport
) -> None:
    for member in server.family():
        spent_ms = 1000 * (cpu_seconds(member.pid) - before.get(member.pid, 0.0))
        resident_mib = resident_bytes(member.pid) / _MIB
        report.costs.append(ProcessCost(part, member.role, member.pid, spent_ms / request_count, resident_mib))


def measure_first_byte(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Compare the time to the first audio byte of a 200-character text, alone and with 8 clients."""
    texts = [english_text(LATENCY_CHARACTERS)]
    turns, per_turn = options.scaled(6, 3), 20
    with BareProcesses.start(1, MP3, texts) as bare_process:
        bare = Side(bare_process.clients, [0] * per_turn)
        alone = server_side(server, texts, 1, output_format=MP3, jobs=[0] * per_turn)
        bare.turn()
        alone.turn()
        bare_ms: list[float] = []
        alone_ms: list[float] = []
        for turn in range(turns):
            bare_ms += _first_bytes_ms(bare.turn()[0])
            alone_ms += _first_bytes_ms(alone.turn()[0])
            options.progress("first byte", (turn + 1) / (turns + 1))
        alone.close()
    eight = server_side(server, texts, 8, output_format=MP3, jobs=[0] * options.scaled(320, 120))
    eight.turn()
    eight_ms = _first_bytes_ms(eight.turn()[0])
    eight.close()
    options.progress("first byte", 1.0)
    bare_p50, alone_p50 = percentile(bare_ms, 0.5), percentile(alone_ms, 0.5)
    report.add("first byte, bare, p50", bare_p50, "ms")
    report.judge("first byte, alone, p50", alone_p50, "ms", bound=3 * bare_p50 + 2, side="at most")
    report.judge("first byte, alone, p95", percentile(alone_ms, 0.95), "ms", bound=12, side="at most")
    report.judge("first byte, 8 clients, p50", percentile(eight_ms, 0.5), "ms", bound=25, side="at most")
    report.add("first byte, 8 clients, p95", percentile(eight_ms, 0.95), "ms")


def _first_bytes_ms(timings: Sequence[Timing]) -> list[float]:
    return [1000 * timing.first_byte_s for timing in timings]


def measure_zero_against_kept(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Send each text twice, once in each mode, in turning order, and compare the times to the last byte."""
    texts = corpus(options)
    zero = server_side(server, texts, 1, output_format=MP3, jobs=[])
    kept = server_side(server, texts, 1, output_format=MP3, jobs=[], is_zero=False)
    ratios = []
    rounds = options.scaled(3, 1)
    for turn in range(rounds + 1):
        for index in range(len(texts)):
            order = (zero, kept) if (index + turn) % 2 else (kept, zero)
            seconds = {id(side): run_closed_loop(side.clients, [index])[0][0].last_byte_s for side in order}
            if turn:  # The first turn warms both up.
                ratios.append(seconds[id(kept)] / seconds[id(zero)])
        options.progress("zero against kept", (turn + 1) / (rounds + 1))
    zero.close()
    kept.close()
    name = "zero against kept, speed"
    report.judge(f"{name}, median of pairs", statistics.median(ratios), "ratio", bound=1.0, side="at least")
    report.judge(f"{name}, lower 95 % bound", lower_bound_of_median(ratios), "ratio", bound=0.97, side="at least")


def measure_scrubbing(
    server: ServerProcess, unscrubbed: ServerProcess, options: BenchOptions, report: BenchReport
) -> None:
    """Compare a server with one that does not scrub."""
    texts = corpus(options)
    jobs = list(range(len(texts)))
    clients = _CLIENTS_PER_ENGINE * options.engine_count
    sides = [server_side(one, texts, clients, output_format=MP3, jobs=jobs) for one in (server, unscrubbed)]
    on, off = interleaved(
        sides[0], sides[1], options.scaled(6, 3), lambda done: options.progress("scrubbing on and off", done)
    )
    for side in sides:
        side.close()
    report.judge("scrubbing on against off", median_ratio(on, off), "ratio", bound=0.95, side="at least")


def measure_growth(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Stream one text of 50,000 characters in each mode and see how far each process grows meanwhile.

    Meant for a server that has served nothing yet: later its memory has room from other requests.
    """
    text = [english_text(LONG_CHARACTERS)]
    for number, is_zero in enumerate((True, False)):
        warm = server_side(server, [english_text(200)], 4, output_format=MP3, jobs=[0] * 8, is_zero=is_zero)
        warm.turn()
        warm.close()
        before = {member.pid: resident_bytes(member.pid) for member in server.family()}
        forgotten = [forget_peak(pid) for pid in before]
        side = server_side(server, text, 1, output_format=MP3, jobs=[0], is_zero=is_zero)
        (timing,), _ = side.turn()
        side.close()
        measure = peak_resident_bytes if all(forgotten) else resident_bytes
        mode = "zero" if is_zero else "kept"
        report.add(f"{LONG_CHARACTERS:,} characters {mode}, audio", timing.audio_bytes / _MIB, "MiB")
        for role, bound in _GROWTH_MIB_MAX.items():
            grown = [
                (measure(member.pid) - before.get(member.pid, 0)) / _MIB
                for member in server.family() if member.role == role
            ]  # fmt: skip
            report.judge(
                f"{LONG_CHARACTERS:,} characters {mode}, {role} grows",
                max(grown),
                "MiB",
                bound=bound,
                side="at most",
            )
        options.progress("growth", (number + 1) / 2)


def measure_curve(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Measure throughput and first byte of the mixed corpus with more and more clients."""
    texts = corpus(options)
    for number, clients in enumerate(_CURVE):
        side = server_side(server, texts, clients, output_format=MP3, jobs=list(range(len(texts))))
        if number == 0:
            side.turn()
        timings, rate = side.turn()
        side.close()
        first_ms = _first_bytes_ms(timings)
        report.curve.append(LoadPoint(clients, rate, percentile(first_ms, 0.5), percentile(first_ms, 0.95)))
        options.progress("throughput by clients", (number + 1) / len(_CURVE))
