"""Control messages of egress processes: what each may reach, and names that the supervisor resolves for them.

An egress process has no resolver: it asks for a name and is told addresses. A name that a client's request brought
is content; it crosses here and is never journalled.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record


class RemoteFacts(Record, frozen=True):
    """What a gateway must know of a declared remote.

    peer_name:        of the egress process that reaches it
    is_zero_declared: somebody has declared that it keeps nothing of zero-retention work
    output_formats:   that it can make; empty for all
    has_alignment:    whether it can tell character times
    can_convert:      whether it can change voices
    has_speakers:     whether it tells speakers and channels of a recording apart
    """

    name: Code
    peer_name: Code
    is_zero_declared: bool
    output_formats: tuple[Code, ...]
    has_alignment: bool
    can_convert: bool
    has_speakers: bool


class RemoteAccess(Record, frozen=True):
    """A declared remote as its egress process needs it.

    kind:      `openai` or `elevenlabs`
    url:       without a path's last slash
    api_key:   empty for none
    probes_history: look after each zero-retention job whether the remote's history lists it
    models:    its own names by wire model id; others are passed on as they are
    voices:    its own names by catalogue id
    default_voice: for catalogue ids that are not in there; empty to pass the id on
    formats:   its own names by wire output format
    """

    name: Code
    kind: Code
    url: str
    api_key: str
    is_zero_declared: bool
    probes_history: bool
    models: dict[str, str] = msgspec.field(default_factory=dict)
    voices: dict[str, str] = msgspec.field(default_factory=dict)
    default_voice: Name = ""
    formats: dict[str, str] = msgspec.field(default_factory=dict)


class OutboundRules(Record, frozen=True):
    """What may be fetched from and delivered to.

    allows_private: addresses that are not of the public internet too
    allows_plain:   http:// too, for tests
    """

    allows_private: bool
    allows_plain: bool


class MailAccess(Record, frozen=True):
    """The mail server of the operator, as the courier needs it.

    security: `starttls`, `tls` from the first byte on, or `plain`
    user, password: empty for no login
    sender:   the address that messages come from
    """

    host: Name
    port: Count
    security: Code
    user: Name
    password: Name
    sender: Name


class EgressConfig(Record, frozen=True):
    """What an egress process must know. It has either a remote or rules for whatever clients name.

    mail:            of the courier, which carries the vault's notices; None where it has only webhooks
    is_courier:      whether it is that one
    has_webhooks, has_sign_on: of the courier: what it may be asked for
    connect_ports:   the only TCP ports within reach, where the kernel can hold it to them
    ca_path:         certificates to trust in place of the system's; empty for those
    forbidden_paths: as for a gateway
    """

    KIND: ClassVar[int] = 311
    name: Code
    is_audit_view: bool
    assurance: Code
    is_scrubbing: bool
    connect_ports: tuple[int, ...]
    remote: RemoteAccess | None = None
    outbound: OutboundRules | None = None
    ca_path: str = ""
    forbidden_paths: tuple[str, ...] = ()
    mail: MailAccess | None = None
    is_courier: bool = False
    has_webhooks: bool = False
    has_sign_on: bool = False


class ResolveName(Record, frozen=True):
    """From an egress process: asks for the addresses of a name. Content. Answered by NameResolved."""

    KIND: ClassVar[int] = 312
    IS_CONTENT: ClassVar[bool] = True
    number: Count
    host: Name


class NameResolved(Record, frozen=True):
    """The addresses of a name, in the order in which to try them; none where there are none."""

    KIND: ClassVar[int] = 313
    IS_CONTENT: ClassVar[bool] = True
    number: Count
    addresses: list[Name]


EGRESS_CONTROL_RECORDS: Final[tuple[type[Record], ...]] = (EgressConfig, ResolveName, NameResolved)
