"""The audit of the audit fails where an audit missed something, and where an unaltered copy does not pass. (C60)"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from echoless.audit.altered import proving
from echoless.audit.altered.alteration import Alteration, Change
from echoless.audit.altered.leaks import BUILDS, Leak, LeakyBuild
from echoless.audit.altered.mutations import Mutation
from echoless.audit.altered.proving import prove_leaks, prove_mutations
from echoless.audit.altered.traces import STRANGER_PORT
from echoless.audit.options import AuditOptions
from echoless.audit.reports.document import document_of
from echoless.audit.reports.report import NOT_SEARCHED, AuditReport
from echoless.audit.reports.sealing import Ask, check_sealed
from echoless.audit.search.free_blocks import scan_blocks
from echoless.audit.search.needles import MASK, Needle
from echoless.audit.search.packets import PacketWatch
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Record
from tests.unit.audit.reports.test_sealing import vault
from tests.unit.receipts.test_audit_statement import KEYS

pytestmark = pytest.mark.unit

_CHANGE = Change("a.py", "one", "two")
_MUTATION = Mutation("the switch is read", "^round 1", (_CHANGE,))
_BUILD = LeakyBuild(
    "build", (Leak("file", r"cache\.bin", "data_file"), Leak("name", "a file name", "file_name")), True
)
Audited = Callable[[tuple[Alteration, ...], AuditOptions], AuditReport]


def _nobody(_directory: Path, _record: Record) -> Record:
    raise AssertionError("no vault is asked")


_OPTIONS = AuditOptions(_nobody)


def _passed() -> AuditReport:
    report = AuditReport()
    report.check("memory", True, "")
    return report


def _failed(*complaints: str) -> AuditReport:
    report = AuditReport()
    for complaint in complaints:
        report.check(complaint, False, "")
    return report


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What audits of unaltered and of altered copies find."""
    found = SimpleNamespace(unaltered=_passed(), altered=_passed(), seen=[], interpreters=[])

    def audited(alterations: Iterable[Alteration], options: AuditOptions, *, is_lab: bool) -> AuditReport:
        alterations = tuple(alterations)
        assert not is_lab
        found.seen.append((alterations, options))
        result = found.altered if alterations else found.unaltered
        if isinstance(result, EcholessError):
            raise result
        assert isinstance(result, AuditReport)
        return result

    @contextlib.contextmanager
    def own(options: AuditOptions) -> Iterator[Ask]:
        found.interpreters.append(options.interpreter)
        yield vault

    monkeypatch.setattr(proving, "audit_altered", audited)
    monkeypatch.setattr(proving, "vault_of_own", own)
    return found


def _failures(report: AuditReport) -> list[str]:
    return [check.name for check in report.checks if not check.is_passed]


def test_a_mutation_that_the_audit_notices_is_proved(audits: SimpleNamespace) -> None:
    audits.altered = _failed("round 1: planted as intended")
    report = prove_mutations(_OPTIONS, [_MUTATION])
    assert report.is_passed
    assert {number for check in report.checks for number in check.proves} == {"C60"}
    assert [alterations for alterations, _ in audits.seen] == [(), (_CHANGE,)]
    assert all(options.is_quick and options.only == ("text_to_speech",) for _, options in audits.seen)


@pytest.mark.parametrize(
    "altered", [_passed(), _failed("data directory")], ids=["passed", "failed for another reason"]
)
def test_a_mutation_that_the_audit_misses_is_a_failure(audits: SimpleNamespace, altered: AuditReport) -> None:
    audits.altered = altered
    report = prove_mutations(_OPTIONS, [_MUTATION])
    assert _failures(report) == ["without: the switch is read"]
    assert "missed" in report.checks[-1].detail


def test_an_unaltered_copy_that_does_not_pass_is_a_failure(audits: SimpleNamespace) -> None:
    audits.unaltered = audits.altered = _failed("round 1: planted as intended")
    assert _failures(prove_mutations(_OPTIONS, [_MUTATION])) == [
        "an unaltered copy passes (text_to_speech, rounds)"
    ]


def test_a_build_that_cannot_be_audited_is_a_failure_and_the_others_are_audited(audits: SimpleNamespace) -> None:
    audits.altered = EcholessError(ErrorCode.CONFIGURATION, "the place has moved")
    report = prove_mutations(_OPTIONS, [_MUTATION, _MUTATION])
    assert [check.detail for check in report.checks[1:]] == ["the place has moved"] * 2
    assert not report.is_passed


def test_each_leak_must_be_found_at_its_own_place(audits: SimpleNamespace) -> None:
    audits.altered = _failed("data directory: cache.bin", "data directory: (a file name)")
    assert prove_leaks(_OPTIONS, [_BUILD]).is_passed
    audits.altered = _failed("data directory: cache.bin")
    assert _failures(prove_leaks(_OPTIONS, [_BUILD])) == ["leak: name"]


def test_leaks_are_planted_together_or_one_by_one(audits: SimpleNamespace) -> None:
    prove_leaks(_OPTIONS, [_BUILD])
    assert len(audits.seen) == 2
    audits.seen.clear()
    prove_leaks(_OPTIONS, [_BUILD], one_by_one=True)
    assert len(audits.seen) == 3


@pytest.mark.parametrize("is_missed", [False, True])
def test_what_is_said_of_copies_is_sealed_by_a_sound_server_of_the_installation(
    audits: SimpleNamespace, is_missed: bool
) -> None:
    """C61."""
    if not is_missed:
        audits.altered = _failed("data directory: cache.bin", "data directory: (a file name)", "round 1")
    for report, mode in (
        (prove_leaks(_OPTIONS, [_BUILD]), "leaks"),
        (prove_mutations(_OPTIONS, [_MUTATION]), "mutations"),
    ):
        stated = check_sealed(document_of(report), KEYS).audit.statement
        assert (stated.mode, stated.verdict) == (mode, "failed" if is_missed else "passed")
        assert report.build_hash
        assert report.steps
    assert audits.interpreters == [None, None]


def test_the_last_build_leaves_nothing_behind(audits: SimpleNamespace) -> None:
    prove_leaks(_OPTIONS, [_BUILD])
    assert not STRANGER_PORT.exists()


def test_a_leak_that_the_host_refuses_to_everybody_is_said_and_not_counted_as_found(
    audits: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    audits.altered = _failed("data directory: cache.bin")
    monkeypatch.setattr(proving, "refused_sinks", lambda: frozenset({"file_name"}))
    report = prove_leaks(_OPTIONS, [_BUILD])
    assert report.is_passed
    assert [check.name for check in report.checks[1:]] == ["leak: file", "not planted: name"]


@pytest.mark.parametrize("may_look", [True, False])
def test_a_leak_that_only_others_may_look_for_is_said_and_is_missed_by_who_may(
    audits: SimpleNamespace, may_look: bool
) -> None:
    leak = Leak("words to a stranger", r"^tcp to 127\.0\.0\.2", "stranger", seen_by="packets")
    audits.altered = _failed("data directory: cache.bin")
    reason = f"{NOT_SEARCHED} here: packets: without the right to see them"
    audits.altered.check("packets", True, "nothing in 9 packets" if may_look else reason)
    report = prove_leaks(_OPTIONS, [LeakyBuild("build", (leak,), False)])
    assert report.is_passed is not may_look
    check = report.checks[1]
    assert (check.name.partition(":")[0], check.is_unsearched) == (
        ("leak", False) if may_look else ("not looked for", True)
    )


def test_what_is_not_open_to_everybody_is_named_as_its_search_names_it(tmp_path: Path) -> None:
    """By another name its being out of reach would not be known, and be a miss for whoever may not look."""
    needles = [Needle("raw", "nobody", bytes(12).translate(MASK))]
    with contextlib.closing(PacketWatch(0)) as packets:
        searches = {packets.scan(needles).place, scan_blocks(tmp_path, needles, device_bytes_max=0).place}
    assert {leak.seen_by for build in BUILDS for leak in build.leaks} == {"", *searches}
