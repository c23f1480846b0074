"""Which network addresses may be connected to on behalf of a client.

A client must not reach through this server what only this server can reach: the machine itself, its network, the
metadata services of clouds. The rule is applied to the very address that is connected to, so a name that changes
its mind between look-up and connection gains nothing.
source: IANA special-purpose address registries (RFC 6890), RFC 6598, RFC 4291 section 2.5.5.2, RFC 6052,
        RFC 3056, RFC 4380
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The standard library's own idea of "global" differs between its versions, so what matters is listed as well.
_SPECIAL: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        # A public address that one cloud answers to its own machines only: metadata and health.
        "168.63.129.16/32",
        # Unspecified, loopback, mapped and compatible IPv4, translated IPv4 (well known and local), discard, Teredo
        # and other protocol assignments, documentation, 6to4, segment routing, unique local, link local, site
        # local, multicast.
        "::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
# All of IPv6 that anybody has been given so far. What will be given one day may be anything.
_ALLOCATED: Final = ipaddress.IPv6Network("2000::/3")


def parsed_address(text: str) -> Address | None:
    """Return a literal address, or None for what is none; an interface after `%` makes it none."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is an ordinary one of the public internet."""
    is_special = any(address in network for network in _SPECIAL if network.version == address.version)
    is_allocated = address.version == 4 or address in _ALLOCATED
    return is_allocated and address.is_global and not address.is_multicast and not is_special


def permitted(addresses: Iterable[str], *, allows_private: bool) -> tuple[str, ...]:
    """Return those that may be connected to, in their order; what is no address is left out."""
    found = (parsed_address(text) for text in addresses)
    return tuple(
        str(address)
        for address in found
        if address is not None and (is_public(address) or (allows_private and _is_one_host(address)))
    )


def _is_one_host(address: Address) -> bool:
    return not (address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255")
