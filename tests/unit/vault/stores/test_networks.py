"""Where a key may be used from."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.networks import are_within, is_among, networks_of, words_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("words", "inside", "outside"),
    [
        (["192.0.2.7"], ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.2.8", "::1", "192.0.2.7.1", ""]),
        (["192.0.2.9/24"], ["192.0.2.0", "192.0.2.255"], ["192.0.3.0"]),
        (["::ffff:192.0.2.0/120"], ["192.0.2.7"], ["192.0.3.7", "::192.0.2.7"]),
        (["2001:db8::/32", "::1"], ["2001:db8:1::", "::1"], ["2001:db9::", "127.0.0.1"]),
        (["0.0.0.0/0"], ["203.0.113.1"], ["2001:db8::1"]),
    ],
)
def test_an_address_is_inside_or_it_is_not(words: list[str], inside: list[str], outside: list[str]) -> None:
    networks = networks_of(words)
    assert networks is not None
    assert [is_among(address, networks) for address in inside] == [True] * len(inside)
    assert [is_among(address, networks) for address in outside] == [False] * len(outside)
    assert networks_of(words_of(networks)) == networks


@pytest.mark.parametrize(
    "words", [[], ["host.example"], ["192.0.2.0/33"], ["1.2.3"], ["1.1.1.1"] * 101, ["::1%lo"]]
)
def test_what_is_no_network_is_refused(words: list[str]) -> None:
    with pytest.raises(EcholessError) as caught:
        networks_of(words)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "allowed_ips")


@pytest.mark.parametrize(
    ("inner", "outer", "is_within"),
    [
        (None, None, True), (["192.0.2.1"], None, True), (None, ["0.0.0.0/0"], False),
        (["192.0.2.0/25"], ["192.0.2.0/24"], True), (["192.0.2.0/23"], ["192.0.2.0/24"], False),
        (["::1"], ["127.0.0.1"], False), (["127.0.0.1"], ["::/0"], False), (["::1"], ["127.0.0.1", "::/8"], True),
    ],
)  # fmt: skip
def test_networks_lie_in_others_or_they_do_not(
    inner: list[str] | None, outer: list[str] | None, is_within: bool
) -> None:
    assert are_within(networks_of(inner), networks_of(outer)) is is_within
