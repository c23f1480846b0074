"""A report on paper: a PDF with the verdict, what failed, the controls, the pictures and the numbered checks."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from echoless.audit.register.mappings import NO_CERTIFICATE, catalogues
from echoless.audit.reports.coverage import coverage
from echoless.audit.reports.document import SEAL, digest_of
from echoless.audit.reports.palette import PAPER
from echoless.audit.reports.pictures import PICTURES, as_png
from echoless.audit.reports.report import AuditReport

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

_FONT: Final = "DejaVuSans"
_FONT_FILES: Final = {_FONT: "DejaVuSans.ttf", f"{_FONT}-Bold": "DejaVuSans-Bold.ttf"}
_MARGIN_PT: Final = 42.0
_WIDTH_PT: Final = 595.0 - 2 * _MARGIN_PT
_PICTURE_HEIGHT_PT_MAX: Final = 640.0


def pdf_of(report: AuditReport, document: Mapping[str, Any]) -> bytes:
    """Return a report as a PDF, A4.

    document: the same report as JSON, for its digest and its seal
    """
    from reportlab.platypus import SimpleDocTemplate

    _register_fonts()
    data = io.BytesIO()
    paper = SimpleDocTemplate(
        data, leftMargin=_MARGIN_PT, rightMargin=_MARGIN_PT, topMargin=_MARGIN_PT, bottomMargin=_MARGIN_PT,
        title=f"Echoless audit: {_verdict(report)}", author="Echoless", invariant=True,
    )  # fmt: skip
    story = [*_head(report), *_failures(report), *_checks(report), *_pictures(report)]
    story += [*_register(report), *_catalogues(), *_seal(document)]
    paper.build(story)
    return data.getvalue()


def _verdict(report: AuditReport) -> str:
    return "Passed" if report.is_passed else "FAILED"


def _head(report: AuditReport) -> list[Flowable]:
    began = (
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(report.began_unix_s)) if report.began_unix_s else "unknown"
    )
    color = PAPER.good if report.is_passed else PAPER.zero
    controls = [check for check in report.checks if check.is_control]
    failed = sum(not check.is_passed for check in report.checks)
    return [
        _text("Echoless leak audit", size=11),
        _text(f'<font color="{color}"><b>{_verdict(report)}</b></font>', size=26),
        _text(
            f"Mode {report.mode.value}, memory seen by {report.view.value}, began {began}, took "
            f"{report.duration_s:,.0f} s, build {escape(report.build_hash[:16]) or 'not noted'}."
        ),
        _text(
            f"{failed} of {len(report.checks)} checks failed; {sum(check.is_passed for check in controls)} of "
            f"{len(controls)} positive controls were found; {report.request_count:,} requests, up to "
            f"{report.needle_count:,} needles."
        ),
    ]


def _failures(report: AuditReport) -> list[Flowable]:
    failed = [check for check in report.checks if not check.is_passed]
    if not failed:
        return []
    lines = (
        _text(f'<font color="{PAPER.zero}"><b>{escape(check.name)}</b></font> {escape(check.detail)}')
        for check in failed
    )
    return [_text("What failed", is_head=True), *lines]


def _checks(report: AuditReport) -> list[Flowable]:
    rows = []
    for check in sorted(report.checks, key=lambda check: not check.is_control):
        words = ("found", "NOT FOUND") if check.is_control else ("ok", "FAILED")
        good = PAPER.control if check.is_control else PAPER.good
        color, word = (good, words[0]) if check.is_passed else (PAPER.zero, words[1])
        color, word = (PAPER.muted, "not searched") if check.is_unsearched else (color, word)
        result = f'<font color="{color}"><b>{word}</b></font>'
        rows.append((escape(check.name), result, " ".join(check.proves), escape(check.detail)))
    return [
        _text("Checks, positive controls first", is_head=True),
        _table(("check", "", "stands for", "detail"), rows, (0.3, 0.13, 0.15, 0.42)),
    ]


def _pictures(report: AuditReport) -> list[Flowable]:
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image, KeepTogether

    story: list[Flowable] = []
    for picture in PICTURES:
        data = as_png(picture, report)
        if not data:
            continue
        width, height = ImageReader(io.BytesIO(data)).getSize()
        scale = min(_WIDTH_PT / width, _PICTURE_HEIGHT_PT_MAX / height)
        image = Image(io.BytesIO(data), width * scale, height * scale)
        story.append(KeepTogether([_text(picture.title, is_head=True), image]))
    return story


def _register(report: AuditReport) -> list[Flowable]:
    rows = []
    for covered in coverage(report.checks):
        check = covered.check
        rows.append((check.code, escape(check.says), covered.standing.value, escape(check.reason)))
    return [
        _text("The 62 retention checks", is_head=True),
        _table(("", "what holds", "standing", "remark"), rows, (0.07, 0.45, 0.15, 0.33)),
    ]


def _catalogues() -> list[Flowable]:
    rows = [
        (escape(f"{catalogue.name}: {item.item}"), escape(item.says), " ".join(f"C{n}" for n in item.checks))
        for catalogue in catalogues()
        for item in catalogue.items
    ]
    return [
        _text("Where an assessor may use this", is_head=True),
        _text(escape(NO_CERTIFICATE)),
        _table(("item", "about", "checks"), rows, (0.35, 0.42, 0.23)),
    ]


def _seal(document: Mapping[str, Any]) -> list[Flowable]:
    seal = document.get(SEAL)
    digest = digest_of(dict(document))
    words = f"SHA-256 of the JSON report in canonical form: {digest}. "
    if isinstance(seal, Mapping):
        words += (
            f"Sealed by a vault of the audited installation; entry {int(seal['inclusion']['index'])} of its log. "
        )
        words += "Check the JSON, not this paper: echoless verify audit REPORT.json --keys KEYS.json"
    else:
        reason = document.get("unsealed") or "nobody asked a vault to sign it"
        words += f"Not sealed: {reason}. It shows what whoever ran it says it shows."
    return [_text("The seal", is_head=True), _text(escape(words))]


def _text(markup: str, *, size: float = 9.0, is_head: bool = False) -> Flowable:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    size = 13.0 if is_head else size
    style = ParagraphStyle(
        "text", fontName=f"{_FONT}-Bold" if is_head else _FONT, fontSize=size, leading=size * 1.35,
        spaceBefore=12 if is_head else 2, spaceAfter=4, textColor=PAPER.ink,
    )  # fmt: skip
    return Paragraph(markup, style)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Flowable:
    from reportlab.platypus import LongTable, TableStyle

    cells = [[_text(f"<b>{escape(head)}</b>", size=8) for head in heads]]
    cells += [[_text(cell, size=7.5) for cell in row] for row in rows]
    table = LongTable(cells, colWidths=[share * _WIDTH_PT for share in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, PAPER.grid),
             ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 4),
             ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
        )
    )  # fmt: skip
    return table


def _register_fonts() -> None:
    from importlib import resources

    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = resources.files("matplotlib").joinpath("mpl-data", "fonts", "ttf")
    for name, file in _FONT_FILES.items():
        with resources.as_file(folder.joinpath(file)) as path:
            pdfmetrics.registerFont(TTFont(name, str(path)))
    for is_bold, is_italic in ((0, 0), (0, 1), (1, 0), (1, 1)):
        addMapping(_FONT, is_bold, is_italic, f"{_FONT}-Bold" if is_bold else _FONT)
