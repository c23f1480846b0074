"""Content that cannot print, pickle or be a key."""

from __future__ import annotations

import copy
import pickle

import pytest

from echoless.core.content import AudioContent, TextContent

pytestmark = pytest.mark.unit

SECRET = "the patient's words"
BOTH = [TextContent(SECRET), AudioContent(SECRET.encode())]


@pytest.mark.parametrize("content", BOTH, ids=["text", "audio"])
def test_content_shows_its_size_only(content: TextContent | AudioContent) -> None:
    """T4, T5: no format string, log line or traceback can show it."""
    shown = (repr(content), str(content), f"{content}", f"{content!r:>60}", "%s" % content)  # noqa: UP031  # the rule
    assert all("patient" not in text for text in shown)
    assert "19" in repr(content)


@pytest.mark.parametrize("content", BOTH, ids=["text", "audio"])
def test_content_cannot_be_pickled_copied_or_hashed(content: TextContent | AudioContent) -> None:
    """T21: what cannot be hashed cannot be the key of a cache."""
    for act in (pickle.dumps, copy.copy, copy.deepcopy, hash):
        with pytest.raises(TypeError) as caught:
            act(content)
        assert "patient" not in str(caught.value)


@pytest.mark.parametrize("content", BOTH, ids=["text", "audio"])
def test_content_opens_by_reveal_and_has_no_other_attributes(content: TextContent | AudioContent) -> None:
    assert len(content.reveal()) == len(content) == 19
    with pytest.raises(AttributeError):
        content.note = "x"  # type: ignore[union-attr]  # the rule under test
