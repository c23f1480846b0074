"""The control socket between the supervisor and each of its children.

One message is one frame on a SEQPACKET socketpair, with descriptors beside it: that is how the ends of new links
reach a child after it has lost the right to make sockets. End of file means that the supervisor is gone.
"""

from __future__ import annotations

import socket
from enum import StrEnum
from typing import ClassVar, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_control import EGRESS_CONTROL_RECORDS, RemoteFacts
from echoless.crossing.operations_records import ProcessCounts
from echoless.crossing.receipt_records import ConfinementReport
from echoless.crossing.records import Code, Count, Name, Record, RecordRegistry
from echoless.crossing.wire import HEADER, Frame, decode_header

MESSAGE_BYTES_MAX: Final = 64 * 1024
_DESCRIPTORS_MAX: Final = 8


class Peer(StrEnum):
    """What is at the other end of a link, or which listening socket it is."""

    VAULT = "vault"
    GATEWAY = "gateway"
    ENGINE = "engine"
    MEDIA = "media"
    LIVE = "live"
    EGRESS = "egress"
    COURIER = "courier"
    HTTP_LISTENER = "http_listener"
    OPERATOR_LISTENER = "operator_listener"


class ModerationRules(Record, frozen=True):
    """How texts are checked.

    rules_path: file of the operator's own rules, read before the sandbox closes; empty for those of the server
    remote:     the declared remote that judges texts, too; empty for none
    model_id:   its own name of its model
    refused:    categories in which a text that it flags is not spoken
    refuses_unchecked: whether nothing is spoken while it cannot be asked
    """

    rules_path: str = ""
    remote: Code = ""
    model_id: Code = ""
    timeout_s: float = 10.0
    refused: tuple[Code, ...] = ()
    refuses_unchecked: bool = True


class GatewayConfig(Record, frozen=True):
    """What a gateway must know. Paths are read before the sandbox closes.

    forbidden_paths:  files that exist and must be unreadable behind the wall; the probe tries each
    model_engines:    which engine stands behind a model id: `local:` or `remote:` and a name; others are embedded
    engine_languages: what the engines named there speak or understand, ISO 639-1
    remotes:          that are declared
    outbound_peer:    the egress process that fetches and delivers; empty where there is none
    has_fetches, has_webhooks: what it may be asked for
    moderation:       None where texts are not checked
    is_behind_proxy: whether the address of a client is what the last proxy says
    metrics_token_digest: SHA-256 in hex of what a scraper must show; empty where nobody may have the metrics
    """

    KIND: ClassVar[int] = 300
    name: Code
    is_audit_view: bool
    assurance: Code
    tls_certificate_path: str
    tls_key_path: str
    body_bytes_max: Count
    header_timeout_s: float
    body_timeout_s: float
    write_timeout_s: float
    keep_alive_timeout_s: float
    is_scrubbing: bool
    has_access_log: bool
    model_aliases: dict[str, str]
    unknown_model: Name
    character_limits: dict[str, int]
    public_url: str
    forbidden_paths: tuple[str, ...] = ()
    upload_bytes_max: Count = 1024**3
    upload_idle_timeout_s: float = 60.0
    held_bytes_max: Count = 256 * 1024**2
    media_engine_count: Count = 0
    live_engine_count: Count = 0
    model_engines: dict[str, str] = msgspec.field(default_factory=dict)
    engine_languages: dict[str, list[str]] = msgspec.field(default_factory=dict)
    remotes: tuple[RemoteFacts, ...] = ()
    outbound_peer: Code = ""
    has_fetches: bool = False
    has_webhooks: bool = False
    moderation: ModerationRules | None = ModerationRules()
    metrics_token_digest: Code = ""
    is_behind_proxy: bool = False


class LocalModel(Record, frozen=True):
    """A model whose files are installed here.

    name:    in the catalogue of models
    runtime: which adapter loads it
    path:    of its directory, readable behind the wall
    """

    name: Code
    runtime: Code
    path: str


class EngineConfig(Record, frozen=True):
    """What an engine must know.

    forbidden_paths: as for a gateway
    """

    KIND: ClassVar[int] = 301
    name: Code
    engine: Code
    is_audit_view: bool
    assurance: Code
    is_scrubbing: bool
    voice_changes_max: Count
    growth_bytes_max: Count
    local_models: tuple[LocalModel, ...] = ()
    forbidden_paths: tuple[str, ...] = ()


class MediaConfig(Record, frozen=True):
    """What an engine must know that hears recordings: converts and recognises them, one at a time.

    media_engine:   `embedded`, or `null` for tones and fixed transcripts
    held_bytes_max: how much of a recording may be held where its container cannot be read as it comes
    forbidden_paths: as for a gateway
    """

    KIND: ClassVar[int] = 309
    name: Code
    media_engine: Code
    is_audit_view: bool
    assurance: Code
    is_scrubbing: bool
    held_bytes_max: Count
    growth_bytes_max: Count
    local_models: tuple[LocalModel, ...] = ()
    forbidden_paths: tuple[str, ...] = ()


class LiveConfig(Record, frozen=True):
    """What an engine must know that listens to live audio, many sessions at once.

    media_engine, forbidden_paths: as above
    """

    KIND: ClassVar[int] = 310
    name: Code
    media_engine: Code
    is_audit_view: bool
    assurance: Code
    is_scrubbing: bool
    growth_bytes_max: Count
    local_models: tuple[LocalModel, ...] = ()
    forbidden_paths: tuple[str, ...] = ()


class BackupRules(Record, frozen=True):
    """How backups are taken.

    recipients: age recipients, which are public keys, parted by commas; empty for no backups
    interval_s: between two of the schedule; 0 for none
    days:       for which one lives
    is_shredded_at_once: whether a deletion reaches backups as soon as it is done
    """

    archives_directory: str
    keys_directory: str
    recipients: str
    interval_s: Count
    days: Count
    is_shredded_at_once: bool


class StoreAccess(Record, frozen=True):
    """Where the vault's stores are that do not lie in its data directory, and what opens them.

    *_url:   empty for the data directory; without any secret
    ca_path: certificates that databases are proved by, in place of the system's; empty for those
    """

    database_url: str = ""
    database_password: str = ""
    keys_url: str = ""
    keys_password: str = ""
    objects_url: str = ""
    objects_key_id: str = ""
    objects_secret: str = ""
    ca_path: str = ""

    def __repr__(self) -> str:
        return "<StoreAccess>"


class VaultConfig(Record, frozen=True):
    """What the vault must know.

    backups:           None for a vault that takes none
    bootstrap_api_key: sets the first key at the first start, and must equal it at later ones; empty for none
    durability:        `process` survives the death of any process, `power` also loss of power
    log_origin:        what a new transparency log is called; empty for a name made of its key
    signing_key_tpm:   how the TPM is reached that seals private keys; empty for none
    session_hours: how long a login of a member lasts
    moderation_*: how many findings within how many days flag an account; 0 of either kind for never
    """

    KIND: ClassVar[int] = 302
    name: Code
    is_audit_view: bool
    assurance: Code
    data_directory: str
    bootstrap_api_key: Name
    durability: Code
    unknown_voice: Name
    voice_aliases: dict[str, str]
    concurrent_requests_max: Count
    queue_deadline_s: float
    request_log_days: Count
    debug_log_days: Count = 30
    moderation_log_days: Count = 90
    history_days: int = -1
    account_deletion_wait_days: Count = 0
    requests_per_minute_max: Count = 0
    has_mail: bool = False
    stores: StoreAccess = StoreAccess()
    session_hours: Count = 12
    backups: BackupRules | None = None
    moderation_flags_max: Count = 5
    moderation_severe_max: Count = 1
    moderation_window_days: Count = 7
    log_origin: Name = ""
    signing_key_tpm: Name = ""


class AddLink(Record, frozen=True):
    """Gives a child one end of a link, or a listening socket; the descriptor travels beside it."""

    KIND: ClassVar[int] = 303
    peer: Peer
    peer_name: Code


class ProcessReady(Record, frozen=True):
    """A child serves.

    missing:     codes of the properties that zero retention needs and this process does not have
    first_key:   from a vault that made its first key: the only time it is shown
    key_hint:    from a vault: the last four characters of its first key
    has_locked_pages: nothing of this process can be swapped, whatever the host does later
    """

    KIND: ClassVar[int] = 304
    name: Code
    missing: list[Code]
    layers: dict[str, list[str]]
    first_key: Code = ""
    key_hint: Code = ""
    has_locked_pages: bool = False


class StartRefused(Record, frozen=True):
    """A child cannot serve and says why; the supervisor shows it and stops."""

    KIND: ClassVar[int] = 305
    code: Code
    public_description: str


class HostState(Record, frozen=True):
    """To the vault: which properties are missing in any process now. While not empty, zero is refused."""

    KIND: ClassVar[int] = 306
    missing: list[Code]


class Stop(Record, frozen=True):
    """To a child: finish what is running until the deadline, then end."""

    KIND: ClassVar[int] = 307
    deadline_s: float


class Retire(Record, frozen=True):
    """From an engine that wants to be replaced once its jobs are done: its memory grew or its bound is reached."""

    KIND: ClassVar[int] = 308


_CONTROL_RECORDS: Final[tuple[type[Record], ...]] = (
    GatewayConfig, EngineConfig, MediaConfig, LiveConfig, VaultConfig, AddLink, ProcessReady, StartRefused,
    HostState, ConfinementReport, ProcessCounts, Stop, Retire, *EGRESS_CONTROL_RECORDS,
)  # fmt: skip


class ControlEnd:
    """One end of a control socket. Blocking or not as the socket is."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._registry = RecordRegistry(_CONTROL_RECORDS)

    @classmethod
    def pair(cls) -> tuple[ControlEnd, ControlEnd]:
        """Return two connected ends."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), cls(theirs)

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._end.fileno()

    def send(self, record: Record, descriptors: tuple[int, ...] = ()) -> None:
        """Send a record with descriptors.

        raises: EcholessError(CROSSING_BROKEN) when the other end is gone
        """
        data = self._registry.encode(record)
        assert len(data) <= MESSAGE_BYTES_MAX, "a control message over the limit"
        try:
            socket.send_fds(self._end, [data], list(descriptors))
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            return
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "the other end of the control socket is gone")

    def receive(self) -> tuple[Record, tuple[int, ...]] | None:
        """Return the next record and its descriptors, or None at end of file.

        raises: BlockingIOError on a non-blocking socket with nothing to read;
                EcholessError(CROSSING_BROKEN) for what does not decode
        """
        try:
            data, descriptors, _flags, _ = socket.recv_fds(self._end, MESSAGE_BYTES_MAX, _DESCRIPTORS_MAX)
        except ConnectionResetError:
            return None
        if not data:
            return None
        header = decode_header(data)
        return self._registry.decode(Frame(header, data[HEADER.size :])), tuple(descriptors)

    def set_blocking(self, is_blocking: bool) -> None:
        """Choose whether `receive` waits."""
        self._end.setblocking(is_blocking)

    def close(self) -> None:
        """Close this end."""
        self._end.close()
