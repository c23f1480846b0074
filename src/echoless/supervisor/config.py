"""The configuration of a server: one frozen value, read once.

Defaults, then a TOML file, then `ECHOLESS_*` variables, then flags; each later one wins. Unknown keys fail, in all
of them. A missing key takes the stricter meaning. Secrets are paths to files; the one exception is the variable
`ECHOLESS_API_KEY`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from echoless.core.engine_names import EMBEDDED_WORDS, is_engine_name, local_name, remote_name
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODEL_BY_ID
from echoless.supervisor.backups import backup_paths, check_apart, check_recipients
from echoless.supervisor.catalogue_names import check_catalogue_names
from echoless.supervisor.mail import MailSettings
from echoless.supervisor.moderation import ModerationSettings
from echoless.supervisor.remotes import RemoteSettings, check_names
from echoless.supervisor.stores import check_stores

VARIABLE_PREFIX: Final = "ECHOLESS_"
CONFIG_VARIABLE: Final = "ECHOLESS_CONFIG"
API_KEY_VARIABLE: Final = "ECHOLESS_API_KEY"
KEY_FILE_KEY: Final = "api_key_file"
KEY_FILE_MEANING: Final = "File that holds the first API key, and nothing else."
# Read by the scripts and the tests around the server, not by the server.
_VARIABLES_OF_SCRIPTS: Final = {
    CONFIG_VARIABLE, "ECHOLESS_PYTHON", "ECHOLESS_VENV", "ECHOLESS_TEST_USER", "ECHOLESS_TEST_CACHE",
    "ECHOLESS_TESTS_AS_ROOT", "ECHOLESS_JAVASCRIPT_CLIENT", "ECHOLESS_CLIENT_VERSION", "ECHOLESS_TEST_SPEECH",
}  # fmt: skip
_API_KEY: Final = re.compile(r"[A-Za-z0-9_.:/+-]{16,64}")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_PORTS_MAX: Final = 16
_ONLY_IN_A_FILE: Final = frozenset({"remotes", "mail", "moderation"})
# What pydantic would say in its own words of a table that is none.
_TABLE_FAULTS: Final = frozenset({"dict_type", "model_type", "mapping_type"})

Origin = Literal["default", "file", "variable", "flag"]
_Seconds = Annotated[float, Field(gt=0, le=3600)]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


class ServerConfig(BaseModel):
    """Everything that a server may be told. Paths are as given; `data` has no default here."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data: str = Field(min_length=1, description="Data directory; holds everything that is kept.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    tls_cert: str | None = Field(None, description="Certificate chain, a PEM file.")
    tls_key: str | None = Field(None, description="Private key of the certificate, a PEM file.")
    tls_self_signed: bool = Field(False, description="Make and use a self-signed certificate.")
    behind_proxy: bool = Field(
        False, description="A proxy of yours ends TLS, so other addresses than loopback may be listened on without."
    )
    public_url: str = Field("", description="How clients reach the server, for links in answers; else their Host.")
    api_key: SecretStr | None = Field(
        None,
        description="The first API key. Never in a file of settings: name a file in api_key_file, or set "
        "ECHOLESS_API_KEY.",
    )
    engines: int = Field(
        default_factory=usable_cores, ge=1, le=256, description="Engine processes; as many as cores."
    )
    media_engines: int = Field(
        default_factory=usable_cores,
        ge=0,
        le=256,
        description="Processes that convert and recognise recordings, one at a time each. 0 leaves "
        "the voice changer and speech to text out.",
    )
    live_engines: int = Field(
        1, ge=0, le=64, description="Processes that recognise live audio, many sessions each; 0 leaves it out."
    )
    gateways: int = Field(2, ge=1, le=64, description="Gateway processes.")
    engine: Literal["espeak-ng", "null"] = Field(
        "espeak-ng", description="Which engine speaks; null makes tones, for tests."
    )
    media_engine: Literal["embedded", "null"] = Field(
        "embedded", description="What converts and recognises; null answers tones and fixed transcripts, for tests."
    )
    assurance: Literal["strict", "best_effort"] = Field(
        "strict",
        description="strict refuses zero retention where the host cannot close every channel; best_effort serves "
        "it all the same, for development, and says so at every start.",
    )
    scrubbing: bool = Field(True, description="Overwrite what engines and gateways used, after each request.")
    allocator_profile: bool = Field(
        True, description="Have freed memory overwritten by the allocator. Off only to test the audit."
    )
    access_log: bool = Field(
        True, description="Say one line for each request: method, route, status, duration and mode; never more."
    )
    audit_view: bool = Field(
        False, description="Leave the memory of all processes readable to the supervisor, for the audit."
    )
    unknown_voice: str = Field(
        "error", max_length=256, description="error, or the id of the voice that speaks for unknown ids."
    )
    unknown_model: str = Field(
        "error", max_length=256, description="error, or the id of the model that stands for unknown ids."
    )
    voice_aliases: dict[str, str] = Field(
        default_factory=dict, description="Other voice ids and whose voice they are."
    )
    model_aliases: dict[str, str] = Field(
        default_factory=dict, description="Other model ids and what they stand for."
    )
    character_limits: dict[str, Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        default_factory=dict, description="Longest text of a request by model id, in place of the model's own."
    )
    durability: Literal["process", "power"] = Field(
        "process",
        description="What a kept response survives once answered: the death of any process, or loss of power.",
    )
    concurrent_requests_max: int = Field(
        64, ge=1, le=10_000, description="Generations at once in a workspace, of each kind; tiers have less."
    )
    requests_per_minute_max: int = Field(
        0, ge=0, le=10_000_000, description="Requests that a workspace may begin a minute; 0 for no limit."
    )
    queue_deadline_s: _Seconds = Field(10.0, description="How long a generation may wait for its turn.")
    request_log_days: int = Field(90, ge=0, le=3650, description="Life of rows in the request log.")
    debug_log_days: int = Field(
        30, ge=0, le=3650, description="Life of entries in the debug log; 0 writes none. They hold content."
    )
    moderation_log_days: int = Field(
        90, ge=0, le=3650, description="Life of entries in the moderation log; 0 writes none. They hold excerpts."
    )
    history_days: int = Field(
        -1, ge=-1, le=36_500, description="Life of history items and transcripts; -1 until they are deleted."
    )
    session_hours: int = Field(
        12, ge=1, le=24 * 90, description="How long a login of a member lasts, however much it is used."
    )
    account_deletion_wait_days: int = Field(
        0,
        ge=0,
        le=365,
        description="How long a deletion of an account that its owner confirmed waits; it can be "
        "taken back meanwhile. 0 begins at once.",
    )
    log_origin: str = Field(
        "",
        max_length=200,
        description="What a new transparency log is called in its checkpoints, an address without a scheme; "
        "empty for a name made of its key. A log keeps its name.",
    )
    signing_key_tpm: str = Field(
        "",
        max_length=200,
        description="A TPM 2.0 that seals the keys which sign, as tpm2-tss names it, such as device:/dev/tpmrm0; "
        "needs the extra tpm. Empty leaves them in files that only this user reads.",
    )
    body_bytes_max: int = Field(
        1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Largest body of a request without audio."
    )
    upload_bytes_max: int = Field(
        1024**3, ge=1024, le=16 * 1024**3, description="Largest upload of audio; it is never in memory as a whole."
    )
    upload_idle_timeout_s: _Seconds = Field(60.0, description="How long an upload may bring nothing.")
    held_bytes_max: int = Field(
        256 * 1024**2,
        ge=0,
        le=16 * 1024**3,
        description="Most of an upload held in memory, where it can only be read from its end.",
    )
    header_timeout_s: _Seconds = Field(10.0, description="Time for line and headers of a request.")
    body_timeout_s: _Seconds = Field(30.0, description="Time for the body of a request.")
    write_timeout_s: _Seconds = Field(60.0, description="How long a client may take nothing of its answer.")
    keep_alive_timeout_s: _Seconds = Field(65.0, description="How long an idle connection is kept.")
    drain_deadline_s: _Seconds = Field(
        10.0, description="How long running requests and sockets may take once the server is told to stop."
    )
    metrics_token_file: str | None = Field(
        None, description="File with the token that a scraper of /metrics shows; without one there are no metrics."
    )
    fetches: bool = Field(
        False, description="Fetch recordings from addresses that clients name (cloud_storage_url), https only."
    )
    webhooks: bool = Field(False, description="Deliver results to the webhooks of a workspace, https only.")
    sign_on: bool = Field(
        False,
        description="Let members of enterprise workspaces log in by the identity provider that their administrator "
        "names (OpenID Connect), https only.",
    )
    outbound_ports: str = Field(
        "443",
        description="TCP ports that fetches and webhooks may connect to, parted by commas; the kernel holds them "
        "to it where its Landlock knows ports.",
    )
    outbound_private_addresses: bool = Field(
        False, description="Fetch from and deliver to private, loopback and other special addresses too."
    )
    outbound_plain_http: bool = Field(
        False, description="Fetch from and deliver to http:// too, where content crosses the network in the clear."
    )
    outbound_ca_file: str | None = Field(
        None, description="Certificates to trust outside, a PEM file, in place of the system's."
    )
    remotes: dict[str, RemoteSettings] = Field(
        default_factory=dict, description="Servers that do work in place of an engine; see above. Only in a file."
    )
    mail: MailSettings | None = Field(
        None, description="The mail server by which people are told; see above. Only in a file."
    )
    moderation: ModerationSettings = Field(
        default_factory=ModerationSettings, description="How texts are checked; see above. Only in a file."
    )
    voice_changes_max: int = Field(
        20_000,
        ge=1,
        le=1_000_000,
        description="Voices loaded from files after which an engine process is replaced.",
    )
    engine_growth_bytes_max: int = Field(
        64 * 1024 * 1024, ge=1024 * 1024, description="Growth in memory after which an engine process is replaced."
    )

    database_url: str = Field(
        "",
        description="PostgreSQL for all rows, in place of a file in data: postgresql://user@host:port/name; "
        "?sslmode=disable for one without TLS beyond loopback. Never with a password.",
    )
    database_password_file: str | None = Field(None, description="File that holds the password of database_url.")
    keys_url: str = Field(
        "",
        description="PostgreSQL of another cluster for the wrapped keys; else they stay in data, which erases them "
        "better.",
    )
    keys_password_file: str | None = Field(None, description="File that holds the password of keys_url.")
    databases_ca_file: str | None = Field(
        None, description="Certificates that databases are proved by, a PEM file, in place of the system's."
    )
    objects_url: str = Field(
        "",
        description="S3 for sealed audio and transcripts, in place of files in data: "
        "s3://bucket/prefix?region=...&endpoint=https://host.",
    )
    objects_credentials_file: str | None = Field(
        None, description="File with the key id of objects_url in one line and its secret in the next."
    )
    backup_recipients: str = Field(
        "", description="Who can open backups: age recipients (age1...), parted by commas. None, no backups."
    )
    backup_directory: str = Field("", description="Where archives go; else beside data, with -backups.")
    backup_keys_directory: str = Field(
        "",
        description="Where archives of keys go, apart from the others, on a disk that forgets what is removed; "
        "else beside data, with -backup-keys.",
    )
    backup_interval_hours: int = Field(
        24, ge=0, le=720, description="How often the running server takes a backup; 0 for by hand only."
    )
    backup_days: int = Field(
        30, ge=1, le=30, description="Life of a backup, and so how long something deleted can be in one."
    )
    backup_shred: Literal["expiry", "immediate"] = Field(
        "expiry",
        description="When backups forget what is deleted: as they expire, or at once, by destroying its key.",
    )
    models_directory: str = Field(
        "", description="Directory of installed models, which engines may read; else beside data, with -models."
    )
    model_engines: dict[str, str] = Field(
        default_factory=dict,
        description="Which engine stands behind a model id: embedded, local:NAME for an installed model, "
        "remote:NAME for a remote.",
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: give both or neither")
        if self.tls_self_signed and self.tls_cert is not None:
            raise ValueError("tls_self_signed makes its own certificate: leave out tls_cert and tls_key")
        if not (self.has_tls or self.behind_proxy or is_loopback(self.host)):
            raise ValueError(
                "listening beyond loopback without TLS would show content to the network: give tls_cert and "
                "tls_key, or tls_self_signed, or behind_proxy where a proxy of yours ends TLS"
            )
        return self

    @model_validator(mode="after")
    def _check_way_out(self) -> Self:
        check_names(self.remotes)
        ports = self.outbound_ports.split(",")
        if len(ports) > _PORTS_MAX or not all(_PORT.fullmatch(port) and int(port) < 2**16 for port in ports):
            raise ValueError(f"outbound_ports are 1 to {_PORTS_MAX} numbers from 1 to 65535, parted by commas")
        enabled = {name: remote for name, remote in self.remotes.items() if remote.enabled}
        named = {remote_name(engine) for engine in self.model_engines.values()} - {""}
        if not named <= enabled.keys():
            raise ValueError("model_engines names a remote that is not declared, or not enabled")
        judge = remote_name(self.moderation.model)
        if self.moderation.model and (judge not in enabled or enabled[judge].kind != "openai"):
            raise ValueError("moderation.model names no enabled remote of the kind openai: give remote:NAME")
        return self

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        check_catalogue_names(
            unknown_voice=self.unknown_voice, voice_aliases=self.voice_aliases.values(),
            unknown_model=self.unknown_model, model_aliases=self.model_aliases.values(),
            character_limits=self.character_limits,
        )  # fmt: skip
        return self

    @model_validator(mode="after")
    def _check_engines(self) -> Self:
        """Refuse engines that cannot be meant, and models kept where no engine may read."""
        if not self.model_engines.keys() <= MODEL_BY_ID.keys():
            raise ValueError("model_engines names a model that does not exist")
        for engine in self.model_engines.values():
            name = local_name(engine) or remote_name(engine)
            if engine not in EMBEDDED_WORDS and not is_engine_name(name):
                raise ValueError("model_engines knows embedded, local:NAME and remote:NAME")
        data, models = Path(self.data).resolve(), self.models_path
        if models.is_relative_to(data) or data.is_relative_to(models):
            raise ValueError("models_directory and data must lie apart: engines may read one and not the other")
        return self

    @model_validator(mode="after")
    def _check_stores(self) -> Self:
        check_stores(self)
        return self

    @model_validator(mode="after")
    def _check_backups(self) -> Self:
        check_recipients(self.backup_recipients)
        check_apart(Path(self.data).resolve(), *self.backup_paths)
        return self

    @property
    def backup_paths(self) -> tuple[Path, Path]:
        """Where archives of the vault go, and those of keys."""
        return backup_paths(Path(self.data).resolve(), self.backup_directory, self.backup_keys_directory)

    @property
    def models_path(self) -> Path:
        """Where models are installed."""
        return Path(self.models_directory or f"{Path(self.data).resolve()}-models").resolve()

    @property
    def has_tls(self) -> bool:
        """Whether the server itself speaks TLS."""
        return self.tls_self_signed or self.tls_cert is not None


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """A configuration, and where each of its keys came from."""

    config: ServerConfig
    origins: Mapping[str, Origin]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve_config(flags: Mapping[str, object], environ: Mapping[str, str]) -> ResolvedConfig:
    """Put the configuration together.

    flags:   what the command line said, by key; None where it said nothing; `config` names the file
    environ: the variables
    raises:  EcholessError(CONFIGURATION) in plain words that name the key, never a value
    """
    config_path = flags.get("config") or environ.get(CONFIG_VARIABLE)
    layers: tuple[tuple[Origin, Mapping[str, object]], ...] = (
        ("default", {"data": default_data_directory(environ)}),
        ("file", _read_file(Path(str(config_path))) if config_path else {}),
        ("variable", _read_variables(environ)),
        ("flag", {key: value for key, value in flags.items() if key != "config" and value is not None}),
    )
    values: dict[str, object] = {}
    origins: dict[str, Origin] = dict.fromkeys(ServerConfig.model_fields, "default")
    for origin, layer in layers:
        for key, value in layer.items():
            values[key] = value
            origins["api_key" if key == KEY_FILE_KEY else key] = origin
    return ResolvedConfig(_validated(_with_api_key(values)), origins)


def default_data_directory(environ: Mapping[str, str]) -> str:
    """Return `$XDG_DATA_HOME/echoless`, by default `~/.local/share/echoless`; `data` where there is no home."""
    base = environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117  # an empty or relative value is to be ignored
        home = environ.get("HOME", "")
        base = f"{home}/.local/share" if home else ""
    return f"{base}/echoless" if base else "data"


def _refuse(text: str, param: str | None = None) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, text, param=param)


def _read_file(path: Path) -> Mapping[str, object]:
    reason = ""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        reason = "it is not valid TOML"
    if reason:
        raise _refuse(f"cannot read the configuration {path}: {reason}")
    if "api_key" in values:
        raise _refuse(
            "api_key may not stand in a file of settings: name a file of its own in api_key_file", "api_key"
        )
    return values


def _read_variables(environ: Mapping[str, str]) -> Mapping[str, object]:
    values: dict[str, object] = {}
    for name, text in environ.items():
        if not name.startswith(VARIABLE_PREFIX) or name in _VARIABLES_OF_SCRIPTS:
            continue
        key = name.removeprefix(VARIABLE_PREFIX).lower()
        if key != KEY_FILE_KEY and key not in ServerConfig.model_fields:
            raise _refuse(f"{name} is no setting of Echoless", key)
        if key in _ONLY_IN_A_FILE:
            raise _refuse(f"{key} can be set in a file of settings only", key)
        if text:
            values[key] = _pairs(key, text) if key in mapping_keys() else text
    return values


def mapping_keys() -> frozenset[str]:
    """Return the keys whose values are tables; in a variable they read `this=that,other=that`."""
    return frozenset(name for name, field in ServerConfig.model_fields.items() if "dict" in str(field.annotation))


def _pairs(key: str, text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(separator for _, separator, _ in pairs):
        raise _refuse(f"{VARIABLE_PREFIX}{key.upper()} must read this=that,other=that", key)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _with_api_key(values: Mapping[str, object]) -> dict[str, object]:
    """Replace the file's name by its content, and check what a key looks like."""
    rest = dict(values)
    key_path = rest.pop(KEY_FILE_KEY, None)
    if key_path is not None and "api_key" in rest:
        raise _refuse("give the API key once: ECHOLESS_API_KEY or api_key_file, not both", "api_key")
    if key_path is not None:
        rest["api_key"] = _read_key(Path(str(key_path)))
    key = rest.get("api_key")
    if key is not None and _API_KEY.fullmatch(str(key)) is None:
        raise _refuse("an API key has 16 to 64 letters, digits or characters of _.:/+-", "api_key")
    return rest


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    except UnicodeDecodeError:
        reason = "it is not ASCII"
    raise _refuse(f"cannot read api_key_file {path}: {reason}", KEY_FILE_KEY)


def _validated(values: Mapping[str, object]) -> ServerConfig:
    try:
        return ServerConfig.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    first = faults[0]
    param = ".".join(str(part) for part in first["loc"])
    # The names of unknown keys are what a person needs to see; values are never shown.
    if first["type"] == "extra_forbidden":
        what = "is no setting of Echoless"
    elif first["type"] in _TABLE_FAULTS:
        what = "must be a table"
    else:
        what = first["msg"].removeprefix("Value error, ")
    raise _refuse(f"{param}: {what}" if param else what, param or None)
