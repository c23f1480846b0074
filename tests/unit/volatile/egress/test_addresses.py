"""Which addresses a client's word may lead to: those of the public internet and no others."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.volatile.egress.addresses import is_public, parsed_address, permitted

pytestmark = pytest.mark.unit

PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8",
    "224.0.0.0/4", "240.0.0.0/4", "192.0.0.0/24", "198.18.0.0/15", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10",
    "ff00::/8", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32", "::/96",
)  # fmt: skip
# The address of a cloud's metadata in each of the large ones.
METADATA = ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "169.254.170.2")


def inside(network: str) -> st.SearchStrategy[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return st.ip_addresses(network=network)


@pytest.mark.claim("Z21")
@given(address=st.one_of([inside(network) for network in PRIVATE]))
def test_no_address_of_a_special_network_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert not is_public(address)
    assert permitted([str(address)], allows_private=False) == ()


@given(address=st.ip_addresses(v=6))
def test_only_the_part_of_ipv6_that_has_been_given_out_is_public(address: ipaddress.IPv6Address) -> None:
    if is_public(address):
        assert address in ipaddress.ip_network("2000::/3")


@pytest.mark.claim("Z21")
@pytest.mark.parametrize(
    "text", ["4000::1", "9000::a00:1", "200::1", "e000::1", "2001:db8::1", "3fff:fff::1", "2002:a00:1::1",
             "64:ff9b::a00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
)  # fmt: skip
def test_addresses_that_nobody_has_or_that_stand_for_others_are_refused(text: str) -> None:
    assert permitted([text], allows_private=False) == ()


@pytest.mark.parametrize("text", METADATA)
def test_metadata_services_are_out_of_reach(text: str) -> None:
    assert permitted([text], allows_private=False) == ()


@given(address=st.ip_addresses(v=4))
def test_an_ipv4_address_is_no_more_public_in_disguise(address: ipaddress.IPv4Address) -> None:
    """Mapped, translated and tunnelled forms of any address are refused, whatever is in them."""
    number = int(address)
    for base, shift in (("::ffff:0:0", 0), ("64:ff9b::", 0), ("2002::", 80), ("::", 0)):
        disguised = ipaddress.IPv6Address(int(ipaddress.IPv6Address(base)) | number << shift)
        assert permitted([str(disguised)], allows_private=False) == ()


@pytest.mark.parametrize("text", ["93.184.216.34", "1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450::5"])
def test_ordinary_addresses_are_permitted(text: str) -> None:
    assert permitted([text], allows_private=False) == (text,)


def test_private_addresses_are_permitted_where_the_operator_says_so_and_groups_never() -> None:
    assert permitted(["127.0.0.1", "10.1.2.3", "fe80::1"], allows_private=True) == (
        "127.0.0.1",
        "10.1.2.3",
        "fe80::1",
    )
    assert permitted(["224.0.0.1", "0.0.0.0", "255.255.255.255", "ff02::1", "::"], allows_private=True) == ()


def test_the_order_of_the_resolver_is_kept_and_what_is_no_address_left_out() -> None:
    assert permitted(["10.0.0.1", "2606:4700::1", "word", "", "1.1.1.1"], allows_private=False) == (
        "2606:4700::1", "1.1.1.1",
    )  # fmt: skip


def test_an_address_bound_to_an_interface_is_none() -> None:
    assert parsed_address("fe80::1%eth0") is None
