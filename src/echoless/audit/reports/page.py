"""A report as one page for a browser: pictures and tables in it, nothing from elsewhere, and no script.

Failures and positive controls come first and catch the eye. Every word is escaped; the page's own policy forbids
whatever would be loaded or run.
"""

from __future__ import annotations

import html
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from echoless.audit.register.mappings import NO_CERTIFICATE, catalogues
from echoless.audit.reports.coverage import Standing, coverage
from echoless.audit.reports.document import SEAL
from echoless.audit.reports.pictures import PICTURES, Picture, as_svg, places_of
from echoless.audit.reports.report import AuditReport, Check

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_FINDINGS_SHOWN: Final = 500


def page_of(report: AuditReport, document: Mapping[str, Any]) -> str:
    """Return the page of a report.

    document: the same report as JSON, for its seal
    """
    pictures = {picture.name: _figure(picture, report) for picture in PICTURES}
    body = [
        _banner(report),
        _tiles(report),
        _failures(report),
        _section("Positive controls", _CONTROLS_SAY, pictures["controls"], _controls_table(report)),
        _section("Copies found", _COPIES_SAY, pictures["copies"], _findings_table(report)),
        _section("Planted", _PLANTED_SAY, pictures["planted"]),
        _section("Searched", _SEARCHED_SAY, pictures["searched"], _processes_table(report)),
        _section("Time", "", pictures["timeline"]),
        _section("Every check of this audit", "", _checks_table(report.checks)),
        _section("The 62 retention checks", _REGISTER_SAYS, _register_table(report)),
        _section("Where an assessor may use this", NO_CERTIFICATE, _catalogue_tables()),
        _section("The seal", "", _seal(document)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>Echoless audit: {_verdict(report)}</title><style>{_style()}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


_CONTROLS_SAY: Final = (
    "An empty search proves nothing by itself. Each of these is a place where copies had to be found, with a part "
    "of the scrubbing switched off, or while a request still ran. If one was not found, nothing else counts."
)
_COPIES_SAY: Final = (
    "What was planted with zero retention must be nowhere. What was planted to be kept may be in the vault, "
    "encrypted, and in its memory while it is read."
)
_PLANTED_SAY: Final = (
    "Marks that nobody else uses, in every place that a client fills. They are called by their place; their words "
    "are in no report."
)
_SEARCHED_SAY: Final = "Each mark is searched as text, in other encodings, and as the sound that was made of it."
_REGISTER_SAYS: Final = (
    "Passed and failed are about this audit alone. By tests: this audit did not run it, and the named tests of the "
    "program prove it each time it is built."
)


def _verdict(report: AuditReport) -> str:
    return "Passed" if report.is_passed else "FAILED"


def _banner(report: AuditReport) -> str:
    began = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(report.began_unix_s)) if report.began_unix_s else ""
    build = f"build <code>{_e(report.build_hash[:16])}</code>" if report.build_hash else ""
    rows = [f"mode: {_e(report.mode.value)}", f"memory seen by: {_e(report.view.value)}", began, build]
    kind = "good" if report.is_passed else "bad"
    return (
        f'<header class="{kind}"><p class="what">Echoless leak audit</p><h1>{_verdict(report)}</h1>'
        f"<p>{' &middot; '.join(row for row in rows if row)}</p></header>"
    )


def _tiles(report: AuditReport) -> str:
    places = places_of(report)
    controls = [check for check in report.checks if check.is_control]
    found = sum(check.is_passed for check in controls)
    zero = sum(place.zero_copies for place in places)
    failed = sum(not check.is_passed for check in report.checks)
    tiles = (
        ("checks failed", f"{failed} of {len(report.checks)}", "bad" if failed else "good"),
        ("controls found", f"{found} of {len(controls)}", "good" if controls and found == len(controls) else "bad"),
        ("copies that must not be", f"{zero}", "bad" if zero else "good"),
        ("searched", f"{sum(place.byte_count for place in places) / 2**20:,.0f} MiB", ""),
        ("requests", f"{report.request_count:,}", ""),
        ("needles at once", f"{report.needle_count:,}", ""),
        ("took", f"{report.duration_s:,.0f} s", ""),
    )
    cells = (f'<li class="{kind}"><b>{_e(value)}</b><span>{_e(name)}</span></li>' for name, value, kind in tiles)
    return f'<ul class="tiles">{"".join(cells)}</ul>'


def _failures(report: AuditReport) -> str:
    failed = [check for check in report.checks if not check.is_passed]
    if not failed:
        return ""
    items = "".join(f"<li><b>{_e(check.name)}</b> {_e(check.detail)}</li>" for check in failed)
    return f'<section class="alarm" id="failures"><h2>What failed</h2><ul>{items}</ul></section>'


def _section(title: str, says: str, *parts: str) -> str:
    content = "".join(parts) or "<p>Nothing was noted in this audit.</p>"
    lead = f"<p>{_e(says)}</p>" if says else ""
    return f"<section><h2>{_e(title)}</h2>{lead}{content}</section>"


def _figure(picture: Picture, report: AuditReport) -> str:
    svg = as_svg(picture, report)
    return f"<figure><figcaption>{_e(picture.title)}</figcaption>{svg}</figure>" if svg else ""


def _controls_table(report: AuditReport) -> str:
    controls = [check for check in report.checks if check.is_control]
    if not controls:
        return '<p class="bad"><b>This audit had no positive controls: that it found nothing shows little.</b></p>'
    return _checks_table(controls)


def _checks_table(checks: Sequence[Check]) -> str:
    rows = []
    for check in checks:
        words = ("found", "NOT FOUND") if check.is_control else ("ok", "FAILED")
        badge = _badge(words[0], "control" if check.is_control else "good")
        badge = _badge("not searched", "quiet") if check.is_unsearched else badge
        badge = badge if check.is_passed else _badge(words[1], "bad")
        rows.append((_e(check.name), badge, _e(" ".join(check.proves)), _e(check.detail)))
    return _table(("check", "", "stands for", "detail"), rows)


def _findings_table(report: AuditReport) -> str:
    if not report.findings:
        return "<p>No copy of anything was found anywhere.</p>" if report.checks else ""
    rows = [
        (_e(finding.where), _e(finding.kind), _e(finding.canary), str(finding.count))
        for finding in sorted(report.findings, key=lambda item: (item.where, item.canary))[:_FINDINGS_SHOWN]
    ]
    return _table(("found in", "form", "what was planted", "copies"), rows)


def _processes_table(report: AuditReport) -> str:
    rows = []
    for row in report.processes:
        share = f"{100 * row.read_bytes / row.readable_bytes:.1f} %" if row.readable_bytes else "nothing"
        cells = (_e(row.scan), _e(row.role), str(row.pid), str(row.region_count))
        size = f"{row.read_bytes / 2**20:,.1f}"
        rows.append((*cells, size, share, _count(row.zero_copies), str(row.kept_copies)))
    for place in report.searched:
        cells = (_e(place.place), _e(place.kind), "", str(place.item_count))
        size = f"{place.byte_count / 2**20:,.1f}"
        rows.append((*cells, size, "", _count(place.zero_copies), str(place.kept_copies)))
    if not rows:
        return ""
    heads = ("searched", "process or kind", "pid", "items", "MiB", "of readable", "must not be", "kept")
    return f"<details><summary>{len(rows)} searches</summary>{_table(heads, rows)}</details>"


def _register_table(report: AuditReport) -> str:
    kinds = {Standing.PASSED: "good", Standing.FAILED: "bad", Standing.NOT_APPLICABLE: "quiet"}
    rows = []
    for covered in coverage(report.checks):
        check = covered.check
        shown = [*covered.names, *check.tests] if covered.standing is not Standing.PASSED else list(covered.names)
        proof = "<br>".join(_e(name) for name in shown) + (f"<p>{_e(check.reason)}</p>" if check.reason else "")
        badge = _badge(covered.standing.value, kinds.get(covered.standing, ""))
        rows.append((check.code, _e(check.says), badge, f"<details><summary>how</summary>{proof}</details>"))
    return _table(("", "what holds", "", "shown by"), rows)


def _catalogue_tables() -> str:
    parts = []
    for catalogue in catalogues():
        rows = [
            (_e(item.item), _e(item.says), " ".join(f"C{number}" for number in item.checks))
            for item in catalogue.items
        ]
        table = _table(("item", "about", "checks that speak to it"), rows)
        parts.append(f"<details><summary>{_e(catalogue.name)}</summary>{table}</details>")
    return "".join(parts)


def _seal(document: Mapping[str, Any]) -> str:
    seal = document.get(SEAL)
    if not isinstance(seal, Mapping):
        reason = _e(str(document.get("unsealed") or "nobody asked a vault to sign it"))
        return f"<p><b>This report is not sealed</b>: {reason}. It shows what whoever ran it says it shows.</p>"
    return (
        "<p>A vault of the audited installation signed the digest and the verdict of the JSON beside this page, "
        f"and its log has them as entry {int(seal['inclusion']['index'])}. Check the JSON, not this page: "
        f"<code>echoless verify audit REPORT.json --keys KEYS.json</code></p>"
        f'<p class="jws"><code>{_e(str(seal["signed"]))}</code></p>'
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_e(name)}</th>' for name in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _badge(word: str, kind: str) -> str:
    return f'<span class="badge {kind}">{_e(word)}</span>'


def _count(copies: int) -> str:
    return _badge(str(copies), "bad") if copies else "0"


def _e(text: str) -> str:
    return html.escape(text, quote=True)


def _style() -> str:
    return resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
