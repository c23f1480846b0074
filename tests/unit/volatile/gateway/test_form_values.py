"""Values in forms, however a client writes them."""

from __future__ import annotations

import pytest

from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.form_values import check_no_switch, json_value, words
from echoless.volatile.gateway.problems import UnprocessableError
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = pytest.mark.unit


def test_json_may_be_encoded_twice() -> None:
    assert json_value("a", '{"b": 1}') == {"b": 1} == json_value("a", '"{\\"b\\": 1}"')


@pytest.mark.claim("Z14")
@pytest.mark.parametrize("text", ["{canary", "", '"canary"', "NaN"])
def test_what_is_no_json_is_named_and_not_echoed(text: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        json_value("settings", text)
    assert caught.value.fields[0].location == ("body", "settings")
    assert "canary" not in str([caught.value.args, caught.value.fields])


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["a", "b c"], ["a", "b c"]),
        (['["a", "b"]', "c"], ["a", "b", "c"]),
        (['"a"'], ["a"]),
        (["[not json"], ["[not json"]),
        (["", "[]", '[null, ""]'], []),
        (["[1]"], ["1"]),
        ([], []),
    ],
)
def test_words_come_plain_quoted_or_as_lists(texts: list[str], found: list[str]) -> None:
    assert words(texts) == found


@pytest.mark.claim("Z2")
def test_a_switch_at_any_depth_is_refused_and_nothing_is_kept() -> None:
    call = new_call([])
    check_no_switch(call, {"a": [{"b": "enable_logging"}]})
    with pytest.raises(UnprocessableError):
        check_no_switch(call, {"a": [{"enable_logging": True}]})
    assert call.mode is RetentionMode.ZERO
