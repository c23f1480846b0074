"""One run of the benchmark, from the first server to the report."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
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
from echoless.bench.options import BenchOptions, usable_cores
from echoless.bench.report import BenchReport, draw
from echoless.core.server_process import ServerProcess

# An audit view, so that the kernel shows the peaks of memory; it changes nothing else.
_FLAGS: Final = ("--audit-view",)
_UNSCRUBBED: Final = ("--no-scrubbing", "--no-allocator-profile", "--assurance", "best_effort")
_SETTINGS: Final = f"[character_limits]\neleven_flash_v2_5 = {LONG_CHARACTERS}\n"


def run_bench(options: BenchOptions) -> BenchReport:
    """Measure servers of our own, and write what the options ask for.

    raises: EcholessError when a server does not start or answers otherwise than with audio
    """
    began_s = time.monotonic()
    report = BenchReport(usable_cores(), is_quick=options.is_quick)
    with tempfile.TemporaryDirectory(prefix="echoless-bench-") as place, _servers(Path(place), options) as servers:
        scrubbed, unscrubbed = servers
        report.add("seconds to ready", scrubbed.ready_s, "s")
        measure_growth(scrubbed, options, report)
        for output_format in (MP3, PCM):
            measure_throughput(scrubbed, options, report, output_format)
        measure_first_byte(scrubbed, options, report)
        measure_zero_against_kept(scrubbed, options, report)
        measure_scrubbing(scrubbed, unscrubbed, options, report)
        measure_curve(scrubbed, options, report)
    report.duration_s = time.monotonic() - began_s
    if options.json_path is not None:
        options.json_path.write_text(report.as_json() + "\n", encoding="utf-8")
    if options.png_path is not None:
        draw(report, options.png_path)
    return report


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
