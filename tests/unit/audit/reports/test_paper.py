"""The PDF has the verdict, the failures, the numbered checks and the seal, and is the same each time."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode

import pytest

from echoless.audit.reports.document import SEAL, digest_of, document_of
from echoless.audit.reports.paper import pdf_of
from echoless.audit.reports.report import AuditReport
from tests.unit.audit.reports.samples import sample

pytestmark = pytest.mark.unit


def shown(pdf: bytes) -> str:
    """The text of a PDF, as far as its fonts map characters one to one."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, flags=re.DOTALL)
    text = ""
    for stream in streams:
        try:
            data = zlib.decompress(a85decode(stream.strip(), adobe=stream.strip().endswith(b"~>")))
        except (ValueError, zlib.error):
            continue
        if b"/Image" in data or b" Tj" not in data:
            continue
        for words in re.findall(rb"\((.*?)(?<!\\)\) Tj", data, flags=re.DOTALL):
            text += words.decode("latin-1") + " "
    return text


def test_it_is_a_pdf_and_the_same_each_time() -> None:
    report = sample()
    first = pdf_of(report, document_of(report))
    assert first.startswith(b"%PDF-")
    assert first.rstrip().endswith(b"%%EOF")
    assert pdf_of(report, document_of(report)) == first


def test_a_failure_and_a_control_that_was_not_found_are_in_it() -> None:
    report = sample(is_failed=True)
    bad = shown(pdf_of(report, document_of(report)))
    good = shown(pdf_of(sample(), document_of(sample())))
    for words in ("What failed", "NOT FOUND", "FAILED"):
        assert words in bad, words
        assert words not in good, words


def test_it_names_the_digest_of_the_report_and_its_seal() -> None:
    document = document_of(AuditReport())
    unsealed = shown(pdf_of(AuditReport(), document))
    assert digest_of(document) in unsealed.replace(" ", "")
    assert "Not sealed" in unsealed
    told = shown(pdf_of(AuditReport(), {**document, "unsealed": "nobody is at its <door>"}))
    assert "nobodyisatits<door>" in told.replace(" ", "")
    sealed = {**document, SEAL: {"signed": "a.b.c", "inclusion": {"index": 7}}}
    assert "entry 7" in shown(pdf_of(AuditReport(), sealed))


def test_markup_in_a_report_is_shown_as_it_is() -> None:
    report = AuditReport()
    report.check("<b>memory</i>", False, "a & b < c")
    assert "<b>memory</i>" in shown(pdf_of(report, document_of(report))).replace(" ", "")
