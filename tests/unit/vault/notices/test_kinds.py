"""The kinds of notices: who sees them besides those they are mailed to."""

from __future__ import annotations

import pytest

from echoless.vault.notices.kinds import RULES, NoticeKind
from echoless.vault.notices.wording import WORDINGS

pytestmark = pytest.mark.unit


def test_what_holds_a_code_goes_by_mail_alone_as_far_as_its_code_goes() -> None:
    """Webhooks and the list in the product never show a code; a kind that needs one is not for webhooks at all."""
    with_code = {kind for kind in NoticeKind if "code" in WORDINGS[kind].names}
    assert with_code == {NoticeKind.INVITATION, NoticeKind.PASSWORD_RESET, NoticeKind.DELETION_REQUESTED}
    assert not any(RULES[kind].is_webhooked for kind in with_code)


def test_restricting_and_lifting_are_told_on_every_way() -> None:
    for kind in (NoticeKind.RESTRICTED, NoticeKind.LIFTED):
        assert RULES[kind].is_shown
        assert RULES[kind].is_webhooked
