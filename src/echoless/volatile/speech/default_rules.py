"""The rules of a server whose operator has set none: few, narrow, and in English. A beginning, not a policy.

Only explicit words of abuse are here, so that texts of medicine, law and the news pass. docs/MODERATION.md says how
to set one's own.
"""

from __future__ import annotations

from typing import Final

from echoless.core.moderation import Action, Category, Severity
from echoless.volatile.speech.moderation_rules import Rule

DEFAULT_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        Category.SEXUAL_MINORS, Severity.SEVERE, Action.REFUSED,
        ("child porn*", "sex with a minor child", "sexual pictures of children", "nude pictures of a child"),
    ),
    Rule(
        Category.ILLICIT, Severity.FLAGGED, Action.REFUSED,
        (
            "how to build a pipe bomb", "how to make a pipe bomb", "how to build a nail bomb",
            "instructions for making sarin", "how to synthesize sarin", "how to cook methamphetamine",
        ),
    ),
    Rule(
        Category.VIOLENCE, Severity.FLAGGED, Action.PASSED,
        (
            "i will kill you and your family", "i am going to shoot up the school", "we will bomb the school",
            "you will be dead by tomorrow",
        ),
    ),
    Rule(
        Category.FRAUD, Severity.FLAGGED, Action.PASSED,
        (
            "a warrant has been issued for your arrest pay", "pay your taxes with gift cards",
            "read me the one time code", "your grandson is in jail and needs bail", "send the ransom in bitcoin",
        ),
    ),
    Rule(
        Category.SELF_HARM, Severity.LOW, Action.PASSED,
        ("how to kill yourself", "the best way to kill yourself", "go and kill yourself"),
    ),
    Rule(
        Category.HATE, Severity.FLAGGED, Action.PASSED,
        ("gas the jews", "exterminate all muslims", "race war now"),
    ),
)  # fmt: skip
