"""Turned keys are followed from saved ones alone, over any number of turns (C9)."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import VerifierKey
from echoless.receipts.handover import HANDOVER, TurnFault
from echoless.receipts.key_turns import follow_keys
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.signing import public_jwk
from tests.unit.receipts.test_handover import LOG, NOW, RECEIPTS, THIEF, Answer, Log, kid_of, log, text_of

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
__all__ = ["log"]


def test_several_turns_in_a_row_are_followed_from_the_first_keys(log: Log) -> None:
    saved = copy.deepcopy(log.answer)
    log.turn_log(0)
    log.turn_receipts(0, log_key=1)
    between = copy.deepcopy(log.answer)
    log.turn_log(1)
    log.turn_receipts(1, log_key=2)
    for first, count in ((saved, 2), (between, 1), (log.answer, 0)):
        followed = follow_keys(first, log.answer)
        assert (followed.log_break, followed.receipt_break) == ("", "")
        assert [turn.begun for turn in followed.log_turns] == [text_of(key) for key in LOG[3 - count : 3]]
        assert len(followed.receipt_turns) == count
        keys = LogKeys.parse(followed.keys)
        assert keys == LogKeys.parse(log.answer)
        assert [key["kid"] for key in followed.keys["keys"]] == [kid_of(key) for key in RECEIPTS[2::-1]]
        # Whoever has this answer can be followed from as well, and it says where each key ended.
        assert [key.get("ended_by_entry") for key in followed.keys["keys"]] == [None, 8, 4]
        assert follow_keys(saved, followed.keys).keys == follow_keys(saved, log.answer).keys
    assert follow_keys(saved, saved).keys == saved


def test_an_answer_from_before_the_saved_one_adds_nothing_and_takes_nothing(log: Log) -> None:
    older = copy.deepcopy(log.answer)
    log.turn_log(0)
    log.turn_receipts(0, log_key=1)
    followed = follow_keys(log.answer, older)
    assert followed.keys == log.answer
    assert (followed.log_turns, followed.log_break, followed.receipt_break) == ((), "", "")


def test_what_the_answer_says_besides_its_proofs_is_not_believed(log: Log) -> None:
    """A key that nobody named, times that no entry has, and members of their own."""
    saved = copy.deepcopy(log.answer)
    log.turn_log(0)
    log.turn_receipts(0, log_key=1)
    log.answer["log_keys"].append({"key": text_of(THIEF), "size_max": 10**9})
    log.answer["keys"].append(public_jwk(THIEF.public_key().public_bytes_raw()))
    log.answer["log_keys"][0] |= {"nbf": 1, "x-note": "hello"}
    log.answer["keys"][1] |= {"exp": NOW + 10**9}
    keys = follow_keys(saved, log.answer).keys
    assert text_of(THIEF) not in json.dumps(keys)
    assert kid_of(THIEF) not in json.dumps(keys)
    assert keys["log_keys"][0] == {"key": text_of(LOG[1]), "nbf": NOW + 60}
    assert keys["keys"][1]["exp"] == NOW + 60 + 59


def test_a_break_later_in_the_chain_names_the_key_and_leaves_the_saved_ones(log: Log) -> None:
    saved = copy.deepcopy(log.answer)
    log.turn_log(0)
    log.turn_log(1)
    log.turn_log(2)
    del log.answer["log_keys"][2][HANDOVER]
    followed = follow_keys(saved, log.answer)
    key_id = VerifierKey.parse(text_of(LOG[1])).key_id.hex()
    assert followed.log_break == f"The end of the key {key_id} does not hold: {TurnFault.NO_HANDOVER.value}."
    assert followed.keys == saved


def test_a_key_ends_behind_the_one_before_it(log: Log) -> None:
    """Two true handovers of which the second is not after the first belong to two trees."""
    saved = copy.deepcopy(log.answer)
    log.turn_log(0)
    log.turn_log(1)
    short = Log()
    short.entries = [short.key_entry("log", text_of(LOG[2]), text_of(LOG[1]))]
    log.answer["log_keys"][1] |= {HANDOVER: short.handover(LOG[1], LOG[2]), "size_max": 1}
    assert TurnFault.BACKWARDS.value in follow_keys(saved, log.answer).log_break


@pytest.mark.parametrize("answer", [{}, {"log_key": 7}, {"log_key": "x", "log_keys": "y", "keys": [1]}])
def test_an_answer_that_is_none_adds_nothing(log: Log, answer: Answer) -> None:
    assert follow_keys(log.answer, answer).keys == log.answer


def test_saved_keys_that_are_none_are_refused(log: Log) -> None:
    with pytest.raises(EcholessError):
        follow_keys({"log_key": "x"}, log.answer)


def test_a_chain_without_end_is_left(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = copy.deepcopy(log.answer)
    for number in range(2):
        log.turn_receipts(number, log_key=number)
        log.turn_log(number)
    monkeypatch.setattr("echoless.receipts.key_turns._TURNS_MAX", 1)
    followed = follow_keys(saved, log.answer)
    assert TurnFault.TOO_MANY.value in followed.log_break
    assert followed.keys == saved


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([text_of(THIEF), kid_of(THIEF)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every member, however deep."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, inner in items for found in ((*path, name), *places_in(inner, (*path, name)))]


def spoil(answer: Answer, data: st.DataObject) -> None:
    """Put anything in the place of a member, take it out, or change a sign of a text."""
    *way, last = data.draw(st.sampled_from(places_in(answer)))
    holder: Any = answer
    for name in way:
        holder = holder[name]
    value = holder[last]
    kind = data.draw(st.sampled_from(["replace", "remove", "sign"]))
    if kind == "sign" and isinstance(value, str) and value:
        at = data.draw(st.integers(0, len(value) - 1))
        holder[last] = value[:at] + data.draw(st.characters(codec="utf-8")) + value[at + 1 :]
    elif kind == "remove":
        del holder[last]
    else:
        holder[last] = data.draw(JSON)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_an_answer_no_other_key_is_ever_believed(data: st.DataObject) -> None:
    log = Log()
    saved = copy.deepcopy(log.answer)
    for number in range(2):
        log.turn_log(number)
        log.turn_receipts(number, log_key=number + 1)
    for _ in range(data.draw(st.integers(1, 3))):
        if places_in(log.answer):
            spoil(log.answer, data)
    keys = follow_keys(saved, log.answer).keys
    ends = {each.key: each.size_max for each in LogKeys.parse(keys).former}
    assert {text_of(LOG[number]) for number in range(3)} >= {keys["log_key"], *(key.text for key in ends)}
    assert ends.items() <= {VerifierKey.parse(text_of(LOG[0])): 3, VerifierKey.parse(text_of(LOG[1])): 7}.items()
    assert {key["kid"] for key in keys["keys"]} <= {kid_of(RECEIPTS[number]) for number in range(3)}
    # What is written down can be followed from.
    assert follow_keys(keys, keys).keys == keys
