"""Networks that a key may be used from: parsed once, compared without a look-up of any kind. Pure.

The address of a client is compared and forgotten: no table has a column for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from echoless.core.errors import EcholessError, ErrorCode

Network = IPv4Network | IPv6Network
NETWORKS_MAX = 100


def networks_of(words: Sequence[str] | None) -> tuple[Network, ...] | None:
    """Return networks, each written as an address or in CIDR notation; None for everywhere.

    raises: EcholessError(INVALID_PARAMETERS) for a word that is neither, no word at all, or more than 100
    """
    if words is None:
        return None
    try:
        # A zone (`%eth0`) means an interface of this machine, which says nothing of who comes.
        networks = tuple(_unmapped(ip_network(word, strict=False)) for word in words if "%" not in word)
    except ValueError:
        networks = ()
    if len(networks) != len(words) or not 0 < len(networks) <= NETWORKS_MAX:
        message = f"allowed_ips are 1 to {NETWORKS_MAX} addresses or networks in CIDR notation."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="allowed_ips")
    return tuple(sorted(set(networks), key=lambda network: (network.version, network)))


def words_of(networks: Sequence[Network] | None) -> list[str] | None:
    """Return networks in CIDR notation."""
    return None if networks is None else [str(network) for network in networks]


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return any(found in network for network in networks)


def are_within(inner: Sequence[Network] | None, outer: Sequence[Network] | None) -> bool:
    """Whether all of `inner` lies in `outer`; None is everywhere."""
    if outer is None:
        return True
    return inner is not None and all(any(_lies_in(one, other) for other in outer) for one in inner)


def _lies_in(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.subnet_of(other)
    return isinstance(other, IPv6Network) and one.subnet_of(other)


def _unmapped(network: Network) -> Network:
    """Return the IPv4 network that an IPv4-mapped IPv6 one means."""
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - 96))
    return network
