"""Facts of the host, read from the kernel's texts."""

from __future__ import annotations

import pytest

from echoless.confinement.host import SwapState, read_host, read_swap, swap_total_kib

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("meminfo", "total_kib"),
    [
        ("MemTotal:  1024 kB\nSwapTotal:       0 kB\nSwapFree: 0 kB", 0),
        ("SwapTotal:  2097148 kB", 2097148),
        ("MemTotal: 1024 kB", -1),
        ("", -1),
    ],
)
def test_swap_total_is_read_and_a_silent_kernel_proves_nothing(meminfo: str, total_kib: int) -> None:
    assert swap_total_kib(meminfo) == total_kib


def test_locked_pages_are_enough_against_swap() -> None:
    assert read_swap(pages_locked=True) is SwapState.PAGES_LOCKED


def test_agents_in_the_environment_are_listed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """T36: names only, never values."""
    monkeypatch.setenv("LD_PRELOAD", "/opt/agent.so")
    monkeypatch.setenv("SENTRY_DSN", "https://secret@example.invalid/1")
    facts = read_host()
    assert facts.agents == ("LD_PRELOAD", "SENTRY_DSN")
    assert "secret" not in repr(facts)
