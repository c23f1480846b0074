"""The words of moderation."""

from __future__ import annotations

import re
from enum import StrEnum

import pytest

from echoless.core.moderation import Action, Category, Severity

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("words", [Category, Severity, Action])
def test_each_word_may_stand_in_a_journal_a_metric_or_a_notice(words: type[StrEnum]) -> None:
    assert all(re.fullmatch(r"[a-z_]{1,32}", word.value) for word in words)
