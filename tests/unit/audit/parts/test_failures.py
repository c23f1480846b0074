"""An answer that says anything of a request is caught, in whatever form and place; its words are not shown."""

from __future__ import annotations

import base64

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import Answer
from echoless.audit.parts.failures import echoes
from echoless.audit.search.needles import text_needles

pytestmark = pytest.mark.unit

CANARY = CanaryMint(seed=26).plain("zero/text", 60, is_kept=False)
WORD = CANARY.words[1]


@pytest.mark.parametrize(
    ("answer", "is_echo"),
    [
        (Answer(422, {"x-echoless-retention": "zero"}, b'{"detail": {"code": "invalid_parameters"}}'), False),
        (Answer(422, {}, f'{{"input": "{WORD}"}}'.encode()), True),
        (Answer(400, {"x-problem": f"cannot speak {WORD}"}, b""), True),
        (Answer(500, {}, base64.b64encode(CANARY.text.encode())), True),
        (Answer(500, {}, WORD.encode("utf-16-le")), True),
    ],
)
def test_echoes_are_found(answer: Answer, is_echo: bool) -> None:
    found = echoes([Answer(401, {}, b""), answer], text_needles([CANARY]))
    assert found == (["zero/text"] if is_echo else [])
