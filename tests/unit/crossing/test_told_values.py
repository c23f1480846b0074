"""Values in a diagnosis: content opened, credentials not, everything bounded."""

from __future__ import annotations

import json
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from echoless.core.content import AudioContent, TextContent
from echoless.core.ids import new_api_key, new_single_use_token
from echoless.crossing.control import (
    BackupRules,
    EngineConfig,
    GatewayConfig,
    LiveConfig,
    LocalModel,
    MediaConfig,
    ModerationRules,
    VaultConfig,
)
from echoless.crossing.egress_control import EgressConfig, OutboundRules, RemoteFacts
from echoless.crossing.records import Credit, OpenTicket
from echoless.crossing.told_values import _SERVERS, WITHHELD, Bounds, told, told_text
from echoless.retention.decision import Switch
from echoless.volatile.gateway.ports import GatewayServices
from echoless.volatile.gateway.socket_credentials import key_credential

pytestmark = pytest.mark.unit
BOUNDS = Bounds(100, 5, 3)
CONTROL_SETTINGS = (
    BackupRules, EgressConfig, EngineConfig, GatewayConfig, LiveConfig, LocalModel, MediaConfig, ModerationRules,
    OutboundRules, RemoteFacts, VaultConfig,
)  # fmt: skip


class Word(StrEnum):
    ONE = "one"


class Message(BaseModel):
    text: str
    xi_api_key: str | None = None
    seed: int | None = None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None), (True, True), (7, 7), (1.5, 1.5), ("text", "text"), (Word.ONE, "one"),
        (TextContent("said"), "said"), ({"a": [1, (2,)]}, {"a": [1, [2]]}), (Credit(3), {"taken_bytes": 3}),
        (Message(text="t", seed=1), {"text": "t", "seed": 1}), (SimpleNamespace(a=1), "<SimpleNamespace>"),
        ({1: 2, (3,): 4}, {"1": 2, "<tuple>": 4}),
    ],
)  # fmt: skip
def test_values_are_shown(value: object, shown: object) -> None:
    assert told(value, BOUNDS) == shown


def test_of_audio_and_bytes_the_beginning_and_the_size_are_shown() -> None:
    for value in (bytes(1000), AudioContent(bytes(1000)), memoryview(bytes(1000))):
        shown = told(value, BOUNDS)
        assert shown["bytes"] == 1000
        assert len(shown["first_base64"]) == 128


# Named, because processes that share the tests must give tests with keys of their own the same names.
@pytest.mark.parametrize(
    "secret",
    [new_api_key(), new_single_use_token(), "wsec_" + "ab" * 16, "Bearer abc.def-g"],
    ids=["API key", "single use token", "webhook secret", "bearer token"],
)
def test_no_key_and_no_token_is_shown_wherever_it_stands(secret: str) -> None:
    word = secret.removeprefix("Bearer ")
    for value in (
        secret, f"text {secret} text", TextContent(secret), [secret], {secret: 1}, {"a": {"b": secret}},
        "x" * 90 + " " + secret, Message(text=secret),
    ):  # fmt: skip
        assert word not in json.dumps(told(value, BOUNDS))


@pytest.mark.parametrize(
    "name", ["credential", "xi_api_key", "xi-api-key", "Authorization", "token", "peer", "headers"]
)
def test_members_that_hold_credentials_are_named_not_shown(name: str) -> None:
    assert told({name: "of any form"}, BOUNDS) == {name: WITHHELD}
    assert told([(name, "of any form")], BOUNDS) == [[name, WITHHELD]]


def test_records_and_values_of_ours_hide_their_credentials_too() -> None:
    question = OpenTicket(endpoint="e", credential="of any form", switch=Switch.ABSENT, peer="127.0.0.9")
    shown = json.dumps([told(question, BOUNDS), told(key_credential("of any form"), BOUNDS),
                        told(Message(text="t", xi_api_key="of any form"), BOUNDS)])  # fmt: skip
    assert "of any form" not in shown
    assert "127.0.0.9" not in shown


def test_what_the_server_knows_of_itself_is_named_not_shown() -> None:
    model = LocalModel(name="one", runtime="sherpa", path="/home/ada/models/one")
    shown = told(
        {"model": model, "services": GatewayServices, "others": [model], "model_path": "/home/ada"}, BOUNDS
    )
    assert shown == {"model": WITHHELD, "services": "<type>", "others": [WITHHELD], "model_path": WITHHELD}
    assert all(kind.__name__ in _SERVERS for kind in (GatewayServices, *CONTROL_SETTINGS))
    assert told({"base_url": "http://10.1.2.3", "voice_settings": {"speed": 1}}, BOUNDS) == {
        "base_url": WITHHELD, "voice_settings": {"speed": 1},
    }  # fmt: skip


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_no_part_of_a_key_is_shown_where_a_text_is_cut(place: int) -> None:
    key = new_api_key()
    shown = told_text(f"{key} " * 40 + "x" * place + " " + key, 100)
    assert key[:8] not in shown


def test_a_long_text_says_how_much_is_missing() -> None:
    assert told_text("a" * 105, 100) == "a" * 100 + " ... and 5 characters"
    assert told(list(range(7)), BOUNDS) == [0, 1, 2, 3, 4, "... and 2 more"]
    assert told({str(number): number for number in range(7)}, BOUNDS)["..."] == "and 2 more"


def test_what_lies_too_deep_is_named_only() -> None:
    assert told([[[["deep"]]]], BOUNDS) == [[["<list>"]]]


_NESTED = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@settings(max_examples=100, deadline=None)
@given(value=_NESTED)
def test_whatever_comes_is_shown_within_bounds(value: Any) -> None:
    small = Bounds(10, 3, 2)
    assert len(json.dumps(told(value, small))) < 3 * 3 * 12 * 400
