"""One run of the benchmark, from the first server to the report."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from echoless.bench.corpus import LONG_CHARACTERS
from echoless.bench.measures import (
    MP3,
    PCM,
    measure_curve,
    measure_first_byte,
    measure_growth,
    measure_scrubbing,
    measure_throughput,
    measure_zero_against_kept,
)
from echoless.bench.media_measures import measure_conversion, measure_transcription, measure_upload
from echoless.bench.options import BenchOptions, usable_cores
from echoless.bench.proof_measures import measure_proofs
from echoless.bench.report import BenchReport, draw
from echoless.bench.socket_measures import measure_sockets
from echoless.bench.vault_measures import measure_vault
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.server_process import ServerProcess

# An audit view, so that the kernel shows the peaks of memory; it changes nothing else.
_FLAGS: Final = ("--audit-view",)
_UNSCRUBBED: Final = ("--no-scrubbing", "--no-allocator-profile", "--assurance", "best_effort")
_SETTINGS: Final = f"[character_limits]\neleven_flash_v2_5 = {LONG_CHARACTERS}\n"


Measure = Callable[[ServerProcess, ServerProcess, BenchOptions, BenchReport], None]
"""Takes a server as users have it and one that does not scrub."""


def _throughput(server: ServerProcess, _: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    for output_format in (MP3, PCM):
        measure_throughput(server, options, report, output_format)


def _of_one(measure: Callable[[ServerProcess, BenchOptions, BenchReport], None]) -> Measure:
    return lambda server, _unscrubbed, options, report: measure(server, options, report)


def _uploads(_: ServerProcess, _unscrubbed: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Measure a server whose engines do nothing with what they are given."""
    with tempfile.TemporaryDirectory(prefix="echoless-bench-") as name:
        place = Path(name)
        settings = place / "settings.toml"
        settings.write_text('media_engine = "null"\n', encoding="utf-8")
        flags = (*_FLAGS, "--config", str(settings), "--engines", "1", "--gateways", "1", *options.flags)
        with ServerProcess.start(place / "data", place / "output.txt", flags) as server:
            measure_upload(server, options, report)


# Growth comes first: it is meant for a server that has served nothing yet.
_MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "growth": _of_one(measure_growth),
        "throughput": _throughput,
        "first-byte": _of_one(measure_first_byte),
        "sockets": _of_one(measure_sockets),
        "stt": _of_one(measure_transcription),
        "sts": _of_one(measure_conversion),
        "uploads": _uploads,
        "zero-against-kept": _of_one(measure_zero_against_kept),
        "scrubbing": measure_scrubbing,
        "curve": _of_one(measure_curve),
    }
)
VAULT: Final = "vault"
"""Measured only where it is named: it fills a directory of its own, which takes minutes and some gigabytes."""
PROOF: Final = "proof"
"""Measured without a server: signing, entering and checking."""
MEASURES: Final = (*_MEASURES, PROOF, VAULT)
"""What can be measured alone."""


def run_bench(options: BenchOptions) -> BenchReport:
    """Measure servers of our own, and write what the options ask for.

    raises: EcholessError(INVALID_PARAMETERS) for a measure that there is not, EcholessError when a server does not
            start or answers otherwise than with audio
    """
    if set(options.only) - set(MEASURES):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"no such measure; there are: {', '.join(MEASURES)}")
    began_s = time.monotonic()
    report = BenchReport(usable_cores(), is_quick=options.is_quick)
    if VAULT in options.only:
        measure_vault(options, report)
    if options.wants(PROOF):
        measure_proofs(options, report)
    if not options.only or set(options.only) - {VAULT, PROOF}:
        _measure_servers(options, report)
    report.duration_s = time.monotonic() - began_s
    if options.json_path is not None:
        options.json_path.write_text(report.as_json() + "\n", encoding="utf-8")
    if options.png_path is not None and report.curve:
        draw(report, options.png_path)
    return report


def _measure_servers(options: BenchOptions, report: BenchReport) -> None:
    with tempfile.TemporaryDirectory(prefix="echoless-bench-") as place, _servers(Path(place), options) as servers:
        report.add("seconds to ready", servers[0].ready_s, "s")
        for name, measure in _MEASURES.items():
            if options.wants(name):
                measure(*servers, options, report)


@contextlib.contextmanager
def _servers(place: Path, options: BenchOptions) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Start a server as users have it, and one that does not scrub; an idle one costs the other nothing."""
    settings = place / "settings.toml"
    settings.write_text(_SETTINGS, encoding="utf-8")
    common = (*_FLAGS, "--config", str(settings), "--engines", str(options.engine_count), *options.flags)
    options.progress("starting servers", 0.0)
    with (
        ServerProcess.start(place / "one", place / "one.txt", common) as scrubbed,
        ServerProcess.start(place / "two", place / "two.txt", (*common, *_UNSCRUBBED)) as unscrubbed,
    ):
        options.progress("starting servers", 1.0)
        yield scrubbed, unscrubbed
