"""The scan reads the whole memory of a process and finds what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search.memory_scan import MemoryScan, ProcessScan, readable_regions, scan_memory
from echoless.audit.search.needles import text_needles
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.processes import ProcessIdentity, family_of

pytestmark = pytest.mark.unit

_HOLDER = """
import mmap, sys, time
form, place = sys.argv[1:]
data = sys.stdin.readline().rstrip("\\n").encode(form)
if place == "shared":
    held = mmap.mmap(-1, 1 << 20)
    held.seek(4096 * 7 - 13)
    held.write(data)
    data = None
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def canary() -> Canary:
    return CanaryMint(seed=20).plain("it", 300, is_kept=False)


def _holder(text: str, form: str, place: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, form, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(text + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def holder(request: pytest.FixtureRequest, canary: Canary) -> Iterator[subprocess.Popen[str]]:
    process = _holder(canary.text, *request.param)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    "holder", [("utf-8", "heap"), ("utf-16-be", "heap"), ("utf-32-le", "heap"), ("utf-8", "shared")], indirect=True
)
def test_a_text_held_by_another_process_is_found(holder: subprocess.Popen[str], canary: Canary) -> None:
    scan = scan_memory(family_of(holder.pid), text_needles([canary]))
    assert scan.copies()["it"] >= len(canary.words)
    assert scan.is_complete


@pytest.mark.parametrize("holder", [("utf-8", "heap")], indirect=True)
def test_a_text_that_nobody_holds_is_not_found(holder: subprocess.Popen[str]) -> None:
    other = CanaryMint(seed=21).plain("other", 300, is_kept=False)
    scan = scan_memory(family_of(holder.pid), text_needles([other]))
    assert scan.hits == ()
    assert scan.read_bytes > 1_000_000


def test_the_searcher_does_not_find_its_own_needles() -> None:
    code = (
        "import os\n"
        "from echoless.audit.search.memory_scan import scan_memory\n"
        "from echoless.audit.search.needles import MASK, Needle\n"
        "from echoless.core.processes import family_of\n"
        "masked = bytes.fromhex('d4cac4ddd0c7ccd7c4c8cc')\n"
        "needle = Needle('utf-8', 'it', masked)\n"
        "print(len(scan_memory(family_of(os.getpid()), [needle]).hits))\n"
        "held = masked.translate(MASK)\n"
        "print(len(scan_memory(family_of(os.getpid()), [needle]).hits))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    before, after = (int(line) for line in done.stdout.split())
    assert before == 0
    assert after >= 1


def test_a_process_that_is_gone_is_an_error() -> None:
    with pytest.raises(EcholessError) as caught:
        scan_memory(
            [ProcessIdentity(2**22 + 1, 0, "engine")], text_needles([CanaryMint().short("x", is_kept=False)])
        )
    assert caught.value.code is ErrorCode.NOT_FOUND


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_memory_that_may_not_be_read_is_an_error() -> None:
    with pytest.raises(EcholessError) as caught:
        scan_memory([ProcessIdentity(1, 0, "vault")], text_needles([CanaryMint().short("x", is_kept=False)]))
    assert caught.value.code is ErrorCode.MISSING_PERMISSIONS


def test_a_search_for_nothing_is_refused() -> None:
    with pytest.raises(AssertionError):
        scan_memory(family_of(os.getpid()), [])


@pytest.mark.parametrize(("read_bytes", "is_complete"), [(95, True), (94, False), (0, False)])
def test_below_95_percent_is_incomplete(read_bytes: int, is_complete: bool) -> None:
    whole = ProcessScan(ProcessIdentity(1, 0, "vault"), 1, 100, 100)
    part = ProcessScan(ProcessIdentity(2, 0, "engine"), 1, 100, read_bytes)
    assert MemoryScan((whole, part), (), 1).is_complete is is_complete


def test_a_scan_of_no_process_is_incomplete() -> None:
    assert not MemoryScan((), (), 1).is_complete


def test_regions_are_heap_stack_libraries_and_more() -> None:
    names = {region.name for region in readable_regions(os.getpid())}
    assert {"[heap]", "[stack]", "anonymous"} <= names
    assert any(name.startswith("libc") for name in names)
