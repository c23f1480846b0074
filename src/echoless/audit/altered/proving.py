"""The audit of the audit as a whole: each altered build is audited, and what the audits missed is a failure.

A build that is altered in nothing is audited first: were it found wanting, that of the others would say nothing.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from echoless.audit.altered.alteration import Alteration
from echoless.audit.altered.leaks import BUILDS, Leak, LeakyBuild
from echoless.audit.altered.mutations import MUTATIONS, Mutation
from echoless.audit.altered.traces import STRANGER_PORT, refused_sinks, remove_traces
from echoless.audit.altered.trial import audit_altered, naming, words_of
from echoless.audit.options import AuditOptions
from echoless.audit.reports.report import AuditMode, AuditReport
from echoless.audit.reports.timeline import Timeline
from echoless.audit.seals import seal_by, vault_of_own
from echoless.core.build import build_hash
from echoless.core.errors import EcholessError

_SAID: Final = 3
_SAID_CHARACTERS: Final = 90
_STRANGER: Final = "127.0.0.2"
# One process of a kind is enough, and starts sooner.
_FLAGS: Final = ("--engines", "1", "--gateways", "1")


def prove_mutations(options: AuditOptions, mutations: Sequence[Mutation] = MUTATIONS) -> AuditReport:
    """Switch off one protection after another, and audit each time.

    returns: a report that passed only where every audit failed, and for the right reason
    """
    timeline = Timeline(options.progress)
    options = replace(options, progress=timeline.step)
    report, began_s = _begun(AuditMode.MUTATIONS), time.monotonic()
    plain = replace(options, flags=(*_FLAGS, *options.flags), is_quick=True, server=None)
    for alike in _alike(mutations):
        parts = tuple(dict.fromkeys(part for mutation in alike for part in mutation.parts))
        chosen = replace(plain, only=(alike[0].only,), parts=parts)
        _check_unaltered(report, chosen, ", ".join((alike[0].only, *parts)), is_lab=alike[0].is_lab)
    for number, mutation in enumerate(mutations):
        options.progress(f"{number + 1} of {len(mutations)}: without: {mutation.protection}", 0.0)
        chosen = replace(plain, only=(mutation.only,), parts=mutation.parts)
        name = f"without: {mutation.protection}"
        found = _audited(report, name, mutation.alterations, chosen, is_lab=mutation.is_lab)
        remove_traces()
        if found is not None:
            report.request_count += found.request_count
            _judge(report, name, found, mutation.caught_by)
    _seal(report, options, timeline, began_s)
    return report


def _alike(mutations: Sequence[Mutation]) -> list[list[Mutation]]:
    """Return groups that one audit of an unaltered copy stands for: of one product, in the laboratory or not."""
    groups: dict[tuple[str, bool], list[Mutation]] = {}
    for mutation in mutations:
        groups.setdefault((mutation.only, mutation.is_lab), []).append(mutation)
    return list(groups.values())


def prove_leaks(
    options: AuditOptions, builds: Sequence[LeakyBuild] = BUILDS, *, one_by_one: bool = False
) -> AuditReport:
    """Plant leaks, and audit.

    one_by_one: each in a build of its own, instead of all that do not disturb each other together
    returns:    a report that passed only where each leak was found at its own place
    """
    timeline = Timeline(options.progress)
    options = replace(options, progress=timeline.step)
    report, began_s = _begun(AuditMode.LEAKS), time.monotonic()
    chosen = replace(options, flags=(*_FLAGS, *options.flags), is_quick=True, server=None)
    chosen = replace(chosen, only=options.only or ("text_to_speech",))
    _check_unaltered(report, chosen, "leaks")
    for build in builds:
        groups = [(leak,) for leak in build.leaks] if one_by_one else [build.leaks]
        for leaks in groups:
            name = leaks[0].sink if one_by_one else build.name
            options.progress(f"leaks: {name}", 0.0)
            is_lab = bool(build.lab_part)
            asked = replace(chosen, parts=(build.lab_part,)) if is_lab else chosen
            found = _audited(report, f"leaks: {name}", build.alterations(leaks), asked, is_lab=is_lab)
            if found is not None:
                report.request_count += found.request_count
                _judge_leaks(report, found, leaks)
            remove_traces()
    _seal(report, options, timeline, began_s)
    return report


def _seal(report: AuditReport, options: AuditOptions, timeline: Timeline, began_s: float) -> None:
    """Have a sound server of the installation that was copied seal what is said of its copies."""

    def finish() -> None:
        report.steps, report.duration_s = timeline.steps(), time.monotonic() - began_s

    seal_by(vault_of_own(options), options, report, finish)


def _judge_leaks(report: AuditReport, found: AuditReport, leaks: Sequence[Leak]) -> None:
    """Judge each leak by its own place, but those that nobody can plant here, or that this user cannot look for."""
    refused = refused_sinks()
    unsearched = {check.name: check.detail for check in found.checks if check.is_unsearched}
    for leak in leaks:
        if leak.spill in refused:
            report.check(f"not planted: {leak.sink}", True, "this host refuses it to everybody")
        elif leak.seen_by in unsearched:
            report.check(f"not looked for: {leak.sink}", True, unsearched[leak.seen_by])
        else:
            _judge(report, f"leak: {leak.sink}", found, leak.place)


def _judge(report: AuditReport, name: str, found: AuditReport, place: str) -> None:
    """Note whether an audit complained of what it should."""
    named = naming(found, place)
    report.check(name, bool(named), _short(named[0]) if named else f"missed; {_complaints(found)}", "C60")


def _check_unaltered(report: AuditReport, options: AuditOptions, name: str, *, is_lab: bool = False) -> None:
    """A copy that is altered in nothing must pass the very audit that the others must fail."""
    title = f"an unaltered copy passes ({name})"
    found = _audited(report, title, (), options, is_lab=is_lab)
    remove_traces()
    if found is not None:
        report.check(title, found.is_passed, _complaints(found))


def _audited(
    report: AuditReport,
    name: str,
    alterations: Iterable[Alteration],
    options: AuditOptions,
    *,
    is_lab: bool = False,
) -> AuditReport | None:
    """Audit a build; None where that could not be done, which is a failure and noted as one."""
    reason = ""
    remove_traces()
    try:
        with _stranger():
            return audit_altered(tuple(alterations), options, is_lab=is_lab)
    except EcholessError as error:
        reason = error.public_description
    report.check(f"{name}: could be audited", False, reason, "C60")
    return None


def _stranger() -> socket.socket:
    """Listen where nobody has anything to say to; a build that leaks over the network connects there."""
    listening = socket.create_server((_STRANGER, 0))
    STRANGER_PORT.write_text(str(listening.getsockname()[1]), encoding="ascii")
    return listening


def _begun(mode: AuditMode) -> AuditReport:
    return AuditReport(mode=mode, began_unix_s=int(time.time()), build_hash=build_hash())


def _complaints(found: AuditReport) -> str:
    """Say in a line what an audit complained of; places only, never what was there."""
    words = list(dict.fromkeys(_short(word) for word in words_of(found)))
    more = f" and {len(words) - _SAID} more" if len(words) > _SAID else ""
    return ("; ".join(words[:_SAID]) + more) or "the audit passed"


def _short(words: str) -> str:
    return words if len(words) <= _SAID_CHARACTERS else words[: _SAID_CHARACTERS - 3] + "..."
