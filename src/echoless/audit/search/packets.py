"""Captures what leaves on every network interface while a server works, but for its own answers to clients, and
searches it. Whoever sent a packet: a word that was planted and travels anywhere else has leaked.

Of each flow the beginning is kept, and of each packet; all of it bounded, and what was over the bound is said.
source: packet(7), linux/filter.h, RFC 791, RFC 8200, RFC 9293, RFC 768
"""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import struct
from dataclasses import dataclass
from typing import Final

from echoless.audit.search.places import PlaceScan, Sieve, Sought

FLOW_BYTES_MAX: Final = 256 * 1024
TOTAL_BYTES_MAX: Final = 256 * 1024 * 1024
_PACKET_BYTES_MAX: Final = 65_536
_BUFFER_BYTES: Final = 32 * 1024 * 1024
_PACKETS_AT_ONCE: Final = 1_000
_ALL_PROTOCOLS, _IPV4, _IPV6 = 0x0003, 0x0800, 0x86DD
_TCP, _UDP = 6, 17
_ATTACH_FILTER, _FORCED_BUFFER = 26, 33
_SOL_PACKET, _STATISTICS = 263, 6
_OUTGOING: Final = 4
# What the kernel knows of a packet beside its bytes stands at negative places.
_PROTOCOL_PLACE, _DIRECTION_PLACE = 0xFFFF_F000, 0xFFFF_F004
_LOAD_HALF, _LOAD_BYTE, _LOAD_HALF_BEHIND, _LOAD_HEADER_BYTES = 0x28, 0x30, 0x48, 0xB1
_IF_EQUAL, _IF_BITS, _RETURN = 0x15, 0x45, 0x06


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of one conversation.

    protocol: `tcp`, `udp`, or the number of another
    """

    protocol: str
    source_port: int
    remote: str
    remote_port: int

    def __str__(self) -> str:
        return f"{self.protocol} to {self.remote} port {self.remote_port}"


class PacketWatch:
    """What left on any interface.

    is_told:    whether packets are seen; without the right to it none is
    lost_count: packets that came faster than they were taken
    cut_count:  packets of which nothing is kept, for a bound
    """

    def __init__(self, server_port: int) -> None:
        self.flows: dict[Flow, bytearray] = {}
        self.packet_count = self.lost_count = self.cut_count = 0
        self._kept_bytes = 0
        self._socket = _capturing(server_port)
        self.is_told = self._socket is not None

    def descriptor(self) -> int | None:
        """Return the socket that packets come from."""
        return self._socket.fileno() if self._socket is not None else None

    def take(self) -> None:
        """Take some packets."""
        for _ in range(_PACKETS_AT_ONCE):
            if self._socket is None:
                return
            try:
                packet, (_, kind, *_rest) = self._socket.recvfrom(_PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            self.packet_count += 1
            flow, payload = parsed(kind, packet)
            self._keep(flow, payload)

    def look(self) -> None:
        """There is nothing to look at between packets."""

    def close(self) -> None:
        """Capture no more, and ask the kernel how many it could not give."""
        if self._socket is not None:
            self.take()
            _, self.lost_count = struct.unpack("=II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))
            self._socket.close()
            self._socket = None

    def scan(self, needles: Sought) -> PlaceScan:
        """Search everything that was kept."""
        sieve = Sieve.of(needles)
        for flow, data in self.flows.items():
            sieve.look(str(flow), bytes(data))
        if not self.is_told:
            sieve.pass_over("packets", "without the right to see them")
        if self.lost_count or self.cut_count:
            sieve.pass_over(f"{self.lost_count + self.cut_count} packets", "too many at once, or in one flow")
        return sieve.result("packets", "network")

    def _keep(self, flow: Flow, payload: bytes) -> None:
        kept = self.flows.setdefault(flow, bytearray())
        if len(kept) + len(payload) > FLOW_BYTES_MAX or self._kept_bytes > TOTAL_BYTES_MAX:
            self.cut_count += 1
            return
        self._kept_bytes += len(payload)
        kept += payload


def parsed(kind: int, packet: bytes) -> tuple[Flow, bytes]:
    """Return the flow and the payload of a packet; of what is no TCP or UDP, everything is payload.

    kind: the protocol of the link, 0x0800 for IPv4
    """
    if kind == _IPV4 and len(packet) >= 20:
        protocol, header_bytes = packet[9], 4 * (packet[0] & 0x0F)
        remote, is_first = str(ipaddress.IPv4Address(packet[16:20])), not packet[6] & 0x1F and not packet[7]
    elif kind == _IPV6 and len(packet) >= 40:
        protocol, header_bytes, is_first = packet[6], 40, True
        remote = str(ipaddress.IPv6Address(packet[24:40]))
    else:
        return Flow(f"link protocol {kind:#06x}", 0, "the link", 0), packet
    segment = packet[header_bytes:]
    if not is_first or protocol not in {_TCP, _UDP} or len(segment) < 8:
        return Flow(f"protocol {protocol}", 0, remote, 0), segment
    source_port, remote_port = struct.unpack_from("!HH", segment)
    if protocol == _UDP:
        return Flow("udp", source_port, remote, remote_port), segment[8:]
    data_at = 4 * (segment[12] >> 4) if len(segment) > 12 else len(segment)
    return Flow("tcp", source_port, remote, remote_port), segment[data_at:]


def _capturing(server_port: int) -> socket.socket | None:
    """Return a socket that gets outgoing packets; None without the right to it."""
    try:
        opened = socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, socket.htons(_ALL_PROTOCOLS)
        )
    except OSError:
        return None
    try:
        _filtered(opened, server_port)
        opened.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, _BUFFER_BYTES)
    except OSError:
        opened.close()
        return None
    return opened


def _filtered(opened: socket.socket, server_port: int) -> None:
    """Let the kernel drop what comes in, and what server and clients say to each other."""
    program = packet_filter(server_port)
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    held = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("=HxxxxxxQ", len(program), ctypes.addressof(held))
    opened.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, head)


def packet_filter(server_port: int) -> list[tuple[int, int, int, int]]:
    """Return a program for the kernel's packet filter: outgoing packets, but TCP from or to a port.

    returns: operation, lines to pass over when true and when false, operand
    """
    keep, drop, ipv6 = 20, 21, 14

    def jump(line: int, operation: int, operand: int, yes: int | None, no: int | None) -> tuple[int, int, int, int]:
        passed = [0 if target is None else target - line - 1 for target in (yes, no)]
        return operation, passed[0], passed[1], operand

    return [
        (_LOAD_BYTE, 0, 0, _DIRECTION_PLACE),
        jump(1, _IF_EQUAL, _OUTGOING, None, drop),
        (_LOAD_HALF, 0, 0, _PROTOCOL_PLACE),
        jump(3, _IF_EQUAL, _IPV6, ipv6, None),
        jump(4, _IF_EQUAL, _IPV4, None, keep),
        (_LOAD_BYTE, 0, 0, 9),
        jump(6, _IF_EQUAL, _TCP, None, keep),
        (_LOAD_HALF, 0, 0, 6),
        jump(8, _IF_BITS, 0x1FFF, keep, None),
        (_LOAD_HEADER_BYTES, 0, 0, 0),
        (_LOAD_HALF_BEHIND, 0, 0, 0),
        jump(11, _IF_EQUAL, server_port, drop, None),
        # The remote port stands behind the local one.
        (_LOAD_HALF_BEHIND, 0, 0, 2),
        jump(13, _IF_EQUAL, server_port, drop, keep),
        (_LOAD_BYTE, 0, 0, 6),
        jump(15, _IF_EQUAL, _TCP, None, keep),
        (_LOAD_HALF, 0, 0, 40),
        jump(17, _IF_EQUAL, server_port, drop, None),
        (_LOAD_HALF, 0, 0, 42),
        jump(19, _IF_EQUAL, server_port, drop, keep),
        (_RETURN, 0, 0, _PACKET_BYTES_MAX),
        (_RETURN, 0, 0, 0),
    ]
