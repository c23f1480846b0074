"""A report as JSON: its form, its digest, and how it is read again.

The digest is over canonical JSON of everything but the seal, so that a seal can be put beside what it seals, and
spaces or the order of members change nothing.
source: RFC 8785 (canonical JSON)
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import rfc8785

from echoless.audit.register.mappings import NO_CERTIFICATE, catalogues
from echoless.audit.reports.coverage import coverage
from echoless.audit.reports.report import SCHEMA, AuditReport
from echoless.core.errors import EcholessError, ErrorCode

SEAL: Final = "seal"
_MEMBERS: Final = frozenset({"schema", "is_passed", "checks", "mode"})


def document_of(report: AuditReport) -> dict[str, Any]:
    """Return a report as it is written: its own members, the numbered checks, and the catalogues they belong to."""
    document: dict[str, Any] = json.loads(report.as_json())
    document["retention_checks"] = [
        {
            "code": covered.check.code, "says": covered.check.says, "standing": covered.standing.value,
            "checks": list(covered.names), "tests": list(covered.check.tests), "reason": covered.check.reason,
        }
        for covered in coverage(report.checks)
    ]  # fmt: skip
    document["catalogues"] = {
        catalogue.name: {item.item: [f"C{number}" for number in item.checks] for item in catalogue.items}
        for catalogue in catalogues()
    }
    document["no_certificate"] = NO_CERTIFICATE
    return document


def text_of(document: dict[str, Any]) -> str:
    """Return a document as the text of a file."""
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def digest_of(document: dict[str, Any]) -> str:
    """Return SHA-256 in hexadecimal over a document without its seal, in canonical form.

    raises: EcholessError(INVALID_PARAMETERS) for what has no canonical form, such as a number that is none
    """
    unsealed = {name: value for name, value in document.items() if name != SEAL}
    try:
        return hashlib.sha256(rfc8785.dumps(unsealed)).hexdigest()
    except rfc8785.CanonicalizationError:
        pass
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The report has no canonical form.")


def read_document(text: str) -> dict[str, Any]:
    """Return the document in a file.

    raises: EcholessError(INVALID_PARAMETERS) for what is no report, or one of another form
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.keys() >= _MEMBERS or not isinstance(found["checks"], list):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The file is no report of an audit.")
    if found["schema"] != SCHEMA:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"The report is not of the form {SCHEMA}.")
    return found
