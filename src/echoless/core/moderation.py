"""The words of moderation: what was found, how grave it is, and what was done. Closed sets, in both planes."""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """What a text was found to be about."""

    HARASSMENT = "harassment"
    HATE = "hate"
    VIOLENCE = "violence"
    SELF_HARM = "self_harm"
    SEXUAL = "sexual"
    SEXUAL_MINORS = "sexual_minors"
    ILLICIT = "illicit"
    FRAUD = "fraud"
    OTHER = "other"


class Severity(StrEnum):
    """How grave a finding is: noted only, one that counts, or one that is enough by itself."""

    LOW = "low"
    FLAGGED = "flagged"
    SEVERE = "severe"


class Action(StrEnum):
    """What became of the request."""

    PASSED = "passed"
    REFUSED = "refused"
