"""The lines in docs/RECEIPTS.md check a receipt with libraries that are not ours to change (C8, C61)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from echoless.receipts.receipt import RECEIPT_KIND
from echoless.receipts.signing import StatementSigner
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z31")]
_DOCS: Final = Path(__file__).parents[3] / "docs" / "RECEIPTS.md"
SIGNER = StatementSigner(bytes(range(32)))
KEYS = {"keys": [StatementSigner(bytes(32)).public_key | {"nbf": 1}, SIGNER.public_key | {"nbf": 2, "exp": 3}]}
SIGNED = SIGNER.sign(RECEIPT_KIND, RECEIPT.statement())
SNIPPETS: Final = re.findall(r"```python\n(.*?)```", _DOCS.read_text("utf-8"), re.DOTALL)


def ran(snippet: str, signed: str) -> Any:
    """Run some lines as the page shows them; return what they find."""
    names: dict[str, Any] = {"json": json, "signed": signed, "keys": KEYS}
    exec(compile(snippet, _DOCS.name, "exec"), names)  # our own page, which must run
    return json.loads(names["statement"])


def library_of(snippet: str) -> str:
    return str(re.findall(r"(?:from|import) (\w+)", snippet)[0])


def test_the_page_shows_three_libraries() -> None:
    assert [library_of(snippet) for snippet in SNIPPETS] == ["joserfc", "jwcrypto", "jwt"]
    assert all(len([line for line in snippet.splitlines() if line]) <= 4 for snippet in SNIPPETS)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=library_of)
def test_the_lines_give_what_a_receipt_states(snippet: str) -> None:
    assert ran(snippet, SIGNED) == RECEIPT.statement()


@pytest.mark.parametrize("snippet", SNIPPETS, ids=library_of)
def test_the_lines_refuse_what_was_changed_or_signed_by_another(snippet: str) -> None:
    head, payload, signature = SIGNED.split(".")
    other = StatementSigner(b"x" * 32).sign(RECEIPT_KIND, RECEIPT.statement())
    flipped = payload[:20] + ("A" if payload[20] != "A" else "B") + payload[21:]
    for forged in (f"{head}.{flipped}.{signature}", f"{head}.{payload}.{'A' * 86}", other, SIGNED[:-20]):
        with pytest.raises(Exception, match=r".") as refused:
            ran(snippet, forged)
        assert type(refused.value).__module__.partition(".")[0] in {library_of(snippet), "builtins"}
