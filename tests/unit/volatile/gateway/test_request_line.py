"""What line and headers alone say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.retention.decision import Switch
from echoless.retention.endpoints import ENDPOINTS, Endpoint
from echoless.volatile.gateway.request_line import (
    EndpointMatcher,
    looks_like_switch,
    parse_query,
    read_head,
    switch_of,
)

pytestmark = pytest.mark.unit
# The switch in full-width letters.
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "enable_logging")
MATCHER = EndpointMatcher(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_each_row_of_the_table_is_found(endpoint: Endpoint) -> None:
    path = "/".join("x-1" if part.startswith("{") else part for part in endpoint.template.split("/"))
    match = MATCHER.match(endpoint.method, path.encode())
    assert match is not None
    assert match.is_allowed
    assert match.endpoint == endpoint
    assert len(match.values) == endpoint.template.count("{")


@pytest.mark.parametrize("path", [b"", b"/", b"/v1", b"/v1/nothing", b"/v1/text-to-speech/", b"//v1/models", b"*"])
def test_unlisted_path_is_nothing(path: bytes) -> None:
    assert MATCHER.match("GET", path) is None


def test_parameters_are_decoded_one_by_one() -> None:
    match = MATCHER.match("POST", b"/v1/text-to-speech/a%2Fb%20c%ff/stream/")
    assert match is not None
    assert match.endpoint.template.endswith("/stream")
    assert match.values == ("a/b c�",)


def test_literal_segment_wins_over_a_parameter_and_gives_way_where_it_leads_nowhere() -> None:
    default = MATCHER.match("GET", b"/v1/voices/settings/default")
    own = MATCHER.match("GET", b"/v1/voices/pvc/settings")
    assert default is not None
    assert own is not None
    assert default.endpoint.template == "/v1/voices/settings/default"
    assert (own.endpoint.template, own.values) == ("/v1/voices/{voice}/settings", ("pvc",))


def test_other_method_of_a_listed_path_is_told_apart() -> None:
    match = MATCHER.match("PUT", b"/v1/history/abc")
    assert match is not None
    assert not match.is_allowed
    assert set(match.allowed) == {"GET", "DELETE"}


# C2: the strictest reading or 422, never logging on by mistake.
@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    ("query", "switch"),
    [
        (b"", Switch.ABSENT),
        (b"other=1", Switch.ABSENT),
        (b"enable_logging=true", Switch.LOGGING_ON),
        (b"enable_logging=True", Switch.LOGGING_ON),
        (b"enable_logging=1", Switch.LOGGING_ON),
        (b"enable_logging=false", Switch.LOGGING_OFF),
        (b"enable_logging=FALSE", Switch.LOGGING_OFF),
        (b"enable_logging=0", Switch.LOGGING_OFF),
        (b"enable%5Flogging=f%61lse", Switch.LOGGING_OFF),
        (b"enable_logging=false&enable_logging=0", Switch.LOGGING_OFF),
        (b"enable_logging=true&enable_logging=false", Switch.UNREADABLE),
        (b"enable_logging=false&enable_logging=true&enable_logging=false", Switch.UNREADABLE),
        (b"enable_logging=no", Switch.UNREADABLE),
        (b"enable_logging=off", Switch.UNREADABLE),
        (b"enable_logging=", Switch.UNREADABLE),
        (b"enable_logging", Switch.UNREADABLE),
        (b"enable_logging=%20false", Switch.UNREADABLE),
        (b"enable_logging=false%00", Switch.UNREADABLE),
        (b"enableLogging=false", Switch.UNREADABLE),
        (b"enable-logging=false", Switch.UNREADABLE),
        (b"ENABLE_LOGGING=false", Switch.UNREADABLE),
        (b"zero_retention=true", Switch.UNREADABLE),
        (b"enable_logging=false&enableLogging=false", Switch.UNREADABLE),
        (b"enable_logging[]=false", Switch.UNREADABLE),
        (b"enable_logging%5B%5D=false", Switch.UNREADABLE),
        (b"&amp;enable_logging=false", Switch.UNREADABLE),
        (b"foo=1;enable_logging=false", Switch.UNREADABLE),
        (b"foo=1%3Benable_logging%3Dfalse", Switch.UNREADABLE),
        (b"output_format=pcm_16000?enable_logging=false", Switch.UNREADABLE),
        (b'extra_query={"enable_logging":false}', Switch.UNREADABLE),
        (b"enable_logging%3Dfalse", Switch.UNREADABLE),
        (b"enable%255Flogging=false", Switch.UNREADABLE),
        (b"enable_logging.=false", Switch.UNREADABLE),
        (b"query.enable_logging=false", Switch.UNREADABLE),
        (b"a" * 60 + b".enable_logging=false", Switch.UNREADABLE),
        (f"{WIDE}=false".encode(), Switch.UNREADABLE),
        (b"logging=false", Switch.UNREADABLE),
        (b"retention=zero", Switch.UNREADABLE),
        (b"search=enable+logging", Switch.ABSENT),
    ],
)
def test_switch_is_read_strictly(query: bytes, switch: Switch) -> None:
    assert switch_of(parse_query(query)) is switch


@pytest.mark.claim("Z3")
@given(st.lists(st.sampled_from(["true", "false", "1", "0", "TRUE", "False", "no", ""]), min_size=1, max_size=5))
def test_no_repeat_turns_a_false_into_logging(values: list[str]) -> None:
    query = "&".join(f"enable_logging={value}" for value in values).encode()
    if any(value.lower() in {"false", "0"} for value in values):
        assert switch_of(parse_query(query)) in {Switch.LOGGING_OFF, Switch.UNREADABLE}


@given(st.binary(max_size=200))
def test_any_query_is_read_without_a_fault(query: bytes) -> None:
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in parse_query(query))


def test_query_of_too_many_pairs_is_refused() -> None:
    with pytest.raises(EcholessError):
        parse_query(b"a=1&" * 300)


def test_ordinary_keys_do_not_look_like_the_switch() -> None:
    assert not any(
        looks_like_switch(key) for key in ("text", "model_id", "logging_level", "enable", "seed", "retention_days")
    )


def test_key_wins_over_bearer_and_lengths_are_read() -> None:
    head = read_head([(b"authorization", b"Bearer  sk_b"), (b"xi-api-key", b"sk_a"), (b"content-length", b"12")])
    assert (head.credential, head.content_length, head.has_body) == ("sk_a", 12, True)
    assert read_head([(b"authorization", b"bearer sk_b")]).credential == "sk_b"
    assert read_head([(b"authorization", b"Basic sk_b")]).credential == ""
    assert read_head([(b"transfer-encoding", b"chunked")]).has_body
    assert read_head([(b"xi-api-key", b"k" * 5000)]).credential == "too-long"


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    "name", [b"enable-logging", b"enable_logging", b"x-enable-logging", b"x-echoless-retention"]
)
def test_header_with_the_name_of_the_switch_is_noted(name: bytes) -> None:
    """C2: no header is the switch, so whoever sends one must not be served as if nothing had been said."""
    assert read_head([(name, b"false")]).names_switch
    assert not read_head([(b"xi-api-key", b"sk_a"), (b"user-agent", b"enable_logging")]).names_switch


def test_two_different_credentials_of_a_kind_are_none() -> None:
    """C7: a proxy and a client that disagree must not end with the laxer floor of the two."""
    assert read_head([(b"xi-api-key", b"sk_a"), (b"xi-api-key", b"sk_b")]).credential == "ambiguous"
    assert read_head([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]).credential == "ambiguous"
    assert read_head([(b"xi-api-key", b"sk_a"), (b"xi-api-key", b"sk_a")]).credential == "sk_a"
    assert read_head([(b"xi-api-key", b"sk_a"), (b"authorization", b"Bearer b")]).credential == "sk_a"


def test_head_does_not_print_its_credential() -> None:
    assert "sk_secret" not in repr(read_head([(b"xi-api-key", b"sk_secret")]))
