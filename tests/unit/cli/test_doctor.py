"""`echoless doctor`: what it says of each channel, and when it ends with 1."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from echoless.cli import doctor
from echoless.cli.doctor import channel_rows, host_rows
from echoless.cli.signing_keys import KEY_MEMORY
from echoless.confinement.doctor import DoctorReport, RoleReport
from echoless.confinement.facts import ChannelResult, ChannelVerdict, Layer
from echoless.confinement.host import HostFacts, SwapState
from echoless.confinement.profile import Role
from echoless.confinement.secret_memory import MemoryKind
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit

CLOSED = ChannelResult("file_write", ChannelVerdict.CLOSED, (Layer.LANDLOCK, Layer.SECCOMP))
OPEN = ChannelResult("xattr", ChannelVerdict.OPEN, ())
ALLOWED = ChannelResult("file_write", ChannelVerdict.OPEN, (), must_close=False)
HOST = HostFacts(
    "x86_64", "6.1.0", "glibc-2.36", core_pattern_is_pipe=False, init_on_free=-1, yama_scope=1, agents=()
)


def report(*missing: str) -> DoctorReport:
    return DoctorReport(
        HOST,
        SwapState.NO_SWAP,
        2,
        (RoleReport(Role.GATEWAY, missing, (CLOSED, OPEN)), RoleReport(Role.VAULT, (), (ALLOWED,))),
    )


def test_each_channel_is_shown_for_each_kind_of_process() -> None:
    assert list(channel_rows(report())) == [
        ("file_write", "closed by landlock, seccomp", "allowed here"),
        ("xattr", "OPEN", "not tried"),
    ]


def test_the_host_is_described_in_words() -> None:
    rows = dict(host_rows(report()))
    assert rows["Landlock"] == "ABI 2"
    assert rows["memory and disk"] == "no swap"
    assert rows["foreign agents"] == "none"


@pytest.mark.claim("Z33")
@pytest.mark.parametrize("kind", MemoryKind)
def test_where_private_keys_would_lie_is_said(kind: MemoryKind) -> None:
    rows = dict(host_rows(replace(report(), key_memory=kind)))
    assert ("memfd_secret)" in str(rows["private keys lie in"])) is (kind is MemoryKind.SECRET)
    assert len(set(KEY_MEMORY.values())) == len(MemoryKind)


@pytest.mark.claim("Z4")
def test_what_is_missing_is_named_with_its_remedy_and_ends_with_1(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "diagnose", lambda: report("swap_on", "channel_open:xattr"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "swap_on\tturn swap off" in result.stdout
    assert "channel_open:xattr\t" in result.stdout


def test_nothing_missing_ends_with_0(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "diagnose", report)
    result = run("doctor")
    assert result.exit_code == 0
    assert "Nothing is missing" in result.stdout


def test_the_report_can_be_read_by_programs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "diagnose", lambda: report("swap_on"))
    read = json.loads(run("doctor", "--json").stdout)
    assert read["missing"] == ["swap_on"]
    assert read["landlock_abi"] == 2
    assert read["roles"][0]["channels"][0]["layers"] == ["landlock", "seccomp"]
