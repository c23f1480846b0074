"""What each child is told: the part of the configuration that its role needs, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from echoless.core.engine_names import EMBEDDED_WORDS, remote_name
from echoless.core.model_catalogue import Capability
from echoless.crossing.control import (
    BackupRules,
    EngineConfig,
    GatewayConfig,
    LiveConfig,
    MediaConfig,
    ModerationRules,
    VaultConfig,
)
from echoless.crossing.egress_control import EgressConfig, MailAccess, OutboundRules, RemoteAccess
from echoless.supervisor.certificates import self_signed_pair
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.local_models import UsedModels, languages_of, models_for
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.remotes import declared_remotes
from echoless.supervisor.stores import store_access

_FORBIDDEN_COUNT_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class ResolvedTLS:
    """Paths of certificate and key; empty without TLS."""

    certificate_path: str = ""
    key_path: str = ""

    @property
    def is_on(self) -> bool:
        """Whether the listeners speak TLS."""
        return bool(self.certificate_path)

    @classmethod
    def of(cls, config: ServerConfig) -> ResolvedTLS:
        """Return the pair that the configuration names, or one that is made for it.

        raises: EcholessError(CONFIGURATION) when a named file cannot be read
        """
        if config.tls_self_signed:
            certificate, key = self_signed_pair(Path(config.data) / "tls", config.host)
            return cls(str(certificate), str(key))
        if config.tls_cert is None or config.tls_key is None:
            return cls()
        return cls(str(Path(config.tls_cert).resolve()), str(Path(config.tls_key).resolve()))


RoleConfig = GatewayConfig | EngineConfig | MediaConfig | LiveConfig | EgressConfig | VaultConfig


def role_config(
    config: ServerConfig,
    slot: Slot,
    tls: ResolvedTLS,
    remotes: Sequence[RemoteAccess] = (),
    models: UsedModels = MappingProxyType({}),
    *,
    metrics_token_digest: str = "",
    mail: MailAccess | None = None,
) -> RoleConfig:
    """Return the first message for a child.

    remotes: those that are declared, in order, with the keys that were read at the start
    models:  the installed ones that are used, as they were at the start
    metrics_token_digest: of the token in its file, as it was at the start
    mail:    the operator's mail server, with the password that was read at the start
    """
    match slot.role:
        case Role.GATEWAY:
            return _gateway(config, slot, tls, models, metrics_token_digest)
        case Role.ENGINE:
            return _engine(config, slot, tls, models)
        case Role.MEDIA:
            return _media(config, slot, tls, models)
        case Role.EGRESS | Role.COURIER:
            return _egress(config, slot, tls, remotes, mail)
        case Role.LIVE:
            return _live(config, slot, tls, models)
        case Role.VAULT:
            return _vault(config, slot)


def _gateway(
    config: ServerConfig, slot: Slot, tls: ResolvedTLS, models: UsedModels, metrics_token_digest: str
) -> GatewayConfig:
    return GatewayConfig(
        name=slot.name,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        tls_certificate_path=tls.certificate_path,
        tls_key_path=tls.key_path,
        body_bytes_max=config.body_bytes_max,
        header_timeout_s=config.header_timeout_s,
        body_timeout_s=config.body_timeout_s,
        write_timeout_s=config.write_timeout_s,
        keep_alive_timeout_s=config.keep_alive_timeout_s,
        is_scrubbing=config.scrubbing,
        has_access_log=config.access_log,
        model_aliases=dict(config.model_aliases),
        unknown_model=config.unknown_model,
        character_limits=dict(config.character_limits),
        public_url=config.public_url,
        is_behind_proxy=config.behind_proxy,
        upload_bytes_max=config.upload_bytes_max,
        upload_idle_timeout_s=config.upload_idle_timeout_s,
        held_bytes_max=config.held_bytes_max,
        model_engines={
            model: engine for model, engine in config.model_engines.items() if engine not in EMBEDDED_WORDS
        },
        engine_languages=languages_of(models),
        remotes=tuple(remote.facts for remote in declared_remotes(config.remotes)),
        outbound_peer=_outbound_peer(config),
        has_fetches=config.fetches,
        has_webhooks=config.webhooks,
        moderation=_moderation(config),
        metrics_token_digest=metrics_token_digest,
        media_engine_count=config.media_engines,
        live_engine_count=config.live_engines,
        forbidden_paths=_forbidden_paths(config, tls),
    )


def _moderation(config: ServerConfig) -> ModerationRules | None:
    rules = config.moderation
    if not rules.enabled:
        return None
    return ModerationRules(
        rules_path=str(Path(rules.rules_file).resolve()) if rules.rules_file else "",
        remote=remote_name(rules.model),
        model_id=rules.model_name,
        timeout_s=rules.model_timeout_s,
        refused=tuple(category.value for category in rules.refuse),
        refuses_unchecked=rules.when_unavailable == "refuse",
    )


def _engine(config: ServerConfig, slot: Slot, tls: ResolvedTLS, models: UsedModels) -> EngineConfig:
    return EngineConfig(
        name=slot.name,
        engine=config.engine,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        is_scrubbing=config.scrubbing,
        voice_changes_max=config.voice_changes_max,
        growth_bytes_max=config.engine_growth_bytes_max,
        local_models=models_for(models, Capability.SPEECH),
        forbidden_paths=_forbidden_paths(config, tls),
    )


def _media(config: ServerConfig, slot: Slot, tls: ResolvedTLS, models: UsedModels) -> MediaConfig:
    return MediaConfig(
        name=slot.name,
        media_engine=config.media_engine,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        is_scrubbing=config.scrubbing,
        held_bytes_max=config.held_bytes_max,
        growth_bytes_max=config.engine_growth_bytes_max,
        local_models=models_for(models, Capability.RECOGNITION),
        forbidden_paths=_forbidden_paths(config, tls),
    )


def _live(config: ServerConfig, slot: Slot, tls: ResolvedTLS, models: UsedModels) -> LiveConfig:
    return LiveConfig(
        name=slot.name,
        media_engine=config.media_engine,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        is_scrubbing=config.scrubbing,
        growth_bytes_max=config.engine_growth_bytes_max,
        local_models=models_for(models, Capability.LIVE),
        forbidden_paths=_forbidden_paths(config, tls),
    )


def egress_count(config: ServerConfig) -> int:
    """Return how many egress processes there are: one for each remote, and one for fetches and webhooks."""
    return len(declared_remotes(config.remotes)) + (config.fetches or config.webhooks)


def courier_count(config: ServerConfig) -> int:
    """Return whether there is a process that carries the vault's notices: it needs a way to carry them on."""
    return int(config.mail is not None or config.webhooks or config.sign_on)


def may_resolve(config: ServerConfig, slot: Slot, host: str) -> bool:
    """Whether a process may have a name resolved: that of a remote its own, the one for clients any."""
    remotes = declared_remotes(config.remotes)
    if slot.role is Role.COURIER:
        return config.webhooks or config.sign_on or (config.mail is not None and config.mail.host == host)
    if slot.role is not Role.EGRESS:
        return False
    return slot.index >= len(remotes) or remotes[slot.index].settings.host == host


def _outbound_peer(config: ServerConfig) -> str:
    has_one = config.fetches or config.webhooks
    return Slot(Role.EGRESS, len(declared_remotes(config.remotes))).name if has_one else ""


def _egress(
    config: ServerConfig, slot: Slot, tls: ResolvedTLS, remotes: Sequence[RemoteAccess], mail: MailAccess | None
) -> EgressConfig:
    if slot.role is Role.COURIER:
        return _courier(config, slot, tls, mail)
    declared = declared_remotes(config.remotes)
    remote = remotes[slot.index] if slot.index < len(declared) else None
    ports = _outbound_ports(config)
    rules = OutboundRules(config.outbound_private_addresses, config.outbound_plain_http)
    return EgressConfig(
        name=slot.name,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        is_scrubbing=config.scrubbing,
        connect_ports=(declared[slot.index].settings.port,) if remote else ports,
        remote=remote,
        outbound=None if remote else rules,
        ca_path=_ca_path(config),
        forbidden_paths=_forbidden_paths(config, tls),
    )


def _courier(config: ServerConfig, slot: Slot, tls: ResolvedTLS, mail: MailAccess | None) -> EgressConfig:
    goes_out = config.webhooks or config.sign_on
    ports = _outbound_ports(config) if goes_out else ()
    rules = OutboundRules(config.outbound_private_addresses, config.outbound_plain_http)
    return EgressConfig(
        name=slot.name,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        is_scrubbing=config.scrubbing,
        connect_ports=(*ports, *([mail.port] if mail is not None else [])),
        outbound=rules if goes_out else None,
        ca_path=_ca_path(config),
        forbidden_paths=_forbidden_paths(config, tls),
        mail=mail,
        is_courier=True,
        has_webhooks=config.webhooks,
        has_sign_on=config.sign_on,
    )


def _outbound_ports(config: ServerConfig) -> tuple[int, ...]:
    return tuple(int(port) for port in config.outbound_ports.split(","))


def _ca_path(config: ServerConfig) -> str:
    return str(Path(config.outbound_ca_file).resolve()) if config.outbound_ca_file else ""


def _vault(config: ServerConfig, slot: Slot) -> VaultConfig:
    return VaultConfig(
        name=slot.name,
        is_audit_view=config.audit_view,
        assurance=config.assurance,
        data_directory=str(Path(config.data).resolve()),
        bootstrap_api_key=config.api_key.get_secret_value() if config.api_key is not None else "",
        durability=config.durability,
        unknown_voice=config.unknown_voice,
        voice_aliases=dict(config.voice_aliases),
        concurrent_requests_max=config.concurrent_requests_max,
        queue_deadline_s=config.queue_deadline_s,
        requests_per_minute_max=config.requests_per_minute_max,
        request_log_days=config.request_log_days,
        moderation_flags_max=config.moderation.flags_max,
        moderation_severe_max=config.moderation.severe_max,
        moderation_window_days=config.moderation.window_days,
        debug_log_days=config.debug_log_days,
        moderation_log_days=config.moderation_log_days,
        history_days=config.history_days,
        account_deletion_wait_days=config.account_deletion_wait_days,
        log_origin=config.log_origin,
        signing_key_tpm=config.signing_key_tpm,
        has_mail=config.mail is not None,
        session_hours=config.session_hours,
        backups=_backups(config),
        stores=store_access(config),
    )


def _backups(config: ServerConfig) -> BackupRules:
    archives, keys = config.backup_paths
    return BackupRules(
        str(archives), str(keys), config.backup_recipients, config.backup_interval_hours * 3600, config.backup_days,
        config.backup_shred == "immediate",
    )  # fmt: skip


def _forbidden_paths(config: ServerConfig, tls: ResolvedTLS) -> tuple[str, ...]:
    """Return files that exist now and that no process of the volatile plane may read."""
    data = Path(config.data).resolve()
    found = [str(path) for path in sorted(data.iterdir()) if path.is_file()]
    keys = [remote.settings.api_key_file for remote in declared_remotes(config.remotes)]
    keys += [config.mail.password_file] if config.mail is not None else []
    keys += [config.database_password_file, config.keys_password_file, config.objects_credentials_file]
    secrets = [str(Path(key).resolve()) for key in (*keys, config.metrics_token_file) if key is not None]
    return (*found[:_FORBIDDEN_COUNT_MAX], *([tls.key_path] if tls.is_on else []), *secrets)
