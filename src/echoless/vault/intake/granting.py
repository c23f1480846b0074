"""(1) The decision before the body: who asks, may they, in which mode, and is there room.

The order of checks is the contract's: key, scope, switch, eligible, entitled; then what is ours: the store works,
quota left, concurrency. Nothing here waits and nothing touches a disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id, request_id_of
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest
from echoless.crossing.records import OpenTicket, Refused
from echoless.retention.decision import (
    HOST_NOT_CONFINED,
    Decision,
    Refusal,
    RetentionMode,
    Standing,
    Switch,
    decide,
    wanted_by,
)
from echoless.retention.endpoints import ENDPOINT_BY_NAME, Endpoint, EndpointClass, Product
from echoless.vault.intake.pace import Pace
from echoless.vault.intake.scopes import required_scope
from echoless.vault.intake.tokens import SingleUseTokens
from echoless.vault.stores.accounts import Accounts, ApiKey, Caller, Credential, Workspace
from echoless.vault.stores.drafts import CONVERTED_SOURCE, SPOKEN_SOURCE, TRANSCRIPT_SOURCE
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.networks import is_among

_SOURCES: Final = {
    Product.TEXT_TO_SPEECH: SPOKEN_SOURCE,
    Product.TEXT_TO_DIALOGUE: SPOKEN_SOURCE,
    Product.VOICE_CHANGER: CONVERTED_SOURCE,
    Product.SPEECH_TO_TEXT: TRANSCRIPT_SOURCE,
}
_SOCKETS_WITH_CONTEXTS: Final = frozenset({Product.TEXT_TO_SPEECH, Product.TEXT_TO_DIALOGUE})
_BEST_EFFORT: Final = "best_effort"
INVALID_TOKEN: Final = "The single-use token is unknown, used, expired or for something else."  # noqa: S105  # a message
INVALID_KEY: Final = "The API key is unknown, disabled or expired."
TOO_FAST: Final = "This workspace begins too many requests a minute."
WRONG_PLACE: Final = "The API key may not be used from this address."
QUOTA_SPENT: Final = "The characters of this month are spent."
KEY_QUOTA_SPENT: Final = "The characters of this API key are spent."
HOST_NOT_STATED: Final = "host_not_stated"
"""What is missing until the supervisor has spoken."""
# The second is the supervisor's word while processes are starting for the first time.
_FOR_A_MOMENT: Final = frozenset({HOST_NOT_STATED, "starting"})
STARTING: Final = (
    "The server is starting and cannot promise zero retention yet; try again shortly. Nothing was read."
)
STORE_DOWN: Final = "The server cannot keep records at the moment; nothing was read."


@dataclass(slots=True)
class HostStanding:
    """What the supervisor says of the host.

    missing:   codes of properties that some process lacks
    assurance: `strict`, or `best_effort` where the operator explicitly takes the risk
    """

    assurance: str
    missing: frozenset[str] = frozenset()

    @property
    def is_starting(self) -> bool:
        """Whether nothing is missing but processes that are on their way."""
        return bool(self.missing) and self.missing <= _FOR_A_MOMENT

    @property
    def is_confined(self) -> bool:
        """Whether zero retention may be promised."""
        return not self.missing or self.assurance == _BEST_EFFORT


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may have a ticket, as far as key, scope and policy go."""

    caller: Caller
    workspace: Workspace
    key: ApiKey
    endpoint: Endpoint
    decision: Decision

    @property
    def mode(self) -> RetentionMode:
        """The mode that was decided."""
        return self.decision.mode


class Gatekeeper:
    """Decides about OpenTicket records."""

    def __init__(
        self,
        accounts: Accounts,
        keyring: Keyring,
        clock: Clock,
        host: HostStanding,
        tokens: SingleUseTokens,
        *,
        requests_per_minute_max: int = 0,
    ) -> None:
        self._accounts = accounts
        self._keyring = keyring
        self._tokens = tokens
        self._clock = clock
        self._host = host
        self._pace = Pace(requests_per_minute_max)

    def admit(self, record: OpenTicket, *, store_works: bool) -> Admitted | Refused:
        """Answer one request.

        raises: EcholessError(CROSSING_BROKEN) for an endpoint that is not in the table: the gateway is broken
        """
        endpoint = ENDPOINT_BY_NAME.get(record.endpoint)
        if endpoint is None:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "a ticket was asked for an endpoint that does not exist")
        if record.is_token:
            return self._admit_token(endpoint, record, store_works=store_works)
        found = self._accounts.credential(self._keyring.digest(record.credential))
        if found is None:
            mode = _mode_asked_for(endpoint, record.switch)
            return _refused(ErrorCode.INVALID_API_KEY, INVALID_KEY, mode=mode)
        networks = found.key.allowed_networks
        if networks is not None and not is_among(record.peer, networks):
            mode = _mode_asked_for(endpoint, record.switch)
            return _refused(ErrorCode.INVALID_API_KEY, WRONG_PLACE, mode=mode)
        return self._admit_known(endpoint, record.switch, found, store_works=store_works)

    def too_fast(self, admitted: Admitted) -> Refused | None:
        """Count that a request begins; return why it is one too many, or None.

        For a request that has just come: one that has waited was counted when it came.
        """
        wait_s = self._pace.begin(admitted.workspace.workspace_id, self._clock.monotonic_s())
        if not wait_s:
            return None
        return _refused(ErrorCode.RATE_LIMIT_EXCEEDED, TOO_FAST, mode=admitted.mode, retry_after_s=wait_s)

    def note_granted(self, record: OpenTicket) -> None:
        """Take note that a ticket was granted: a token is used up by it."""
        if record.is_token:
            self._tokens.burn(record.credential)

    def _admit_token(self, endpoint: Endpoint, record: OpenTicket, *, store_works: bool) -> Admitted | Refused:
        """Admit who brings a token as the key that asked for it; what is pinned to zero is never anything else."""
        token = self._tokens.find(record.credential, endpoint)
        key = self._accounts.valid_rights_of(token.caller) if token is not None else None
        if token is None or key is None:
            mode = _mode_asked_for(endpoint, record.switch)
            return _refused(ErrorCode.INVALID_TOKEN, INVALID_TOKEN, mode=mode)
        if token.is_pinned_zero:
            key = replace(key, retention=RetentionMode.ZERO)
        return self._admit_known(endpoint, record.switch, Credential(token.caller, key), store_works=store_works)

    def _admit_known(
        self, endpoint: Endpoint, switch: Switch, found: Credential, *, store_works: bool
    ) -> Admitted | Refused:
        key, workspace = found.key, self._accounts.workspaces[found.caller.workspace_id]
        scope = required_scope(endpoint)
        mode = _mode_wanted(endpoint, switch, workspace, key)
        if not key.allows(scope):
            message = f"The API key lacks the permission {scope}, which this operation needs."
            return _refused(ErrorCode.MISSING_PERMISSIONS, message, mode=mode)
        decision = decide(endpoint, switch, self._standing(workspace, key))
        if decision == HOST_NOT_CONFINED and self._host.is_starting:
            # Of a host that lacks something a client should hear for good; of a start it need not.
            return _refused(ErrorCode.ENGINE_UNAVAILABLE, STARTING, mode=mode, retry_after_s=1)
        if isinstance(decision, Refusal):
            return _refused(decision.code, decision.message, param=decision.param, mode=mode)
        if endpoint.is_generation and not store_works:
            return _refused(ErrorCode.ENGINE_UNAVAILABLE, STORE_DOWN, mode=decision.mode, retry_after_s=1)
        if is_counted(endpoint):
            spent = self.quota_refusal(workspace, key, 1, decision.mode)
            if spent is not None:
                return spent
        return Admitted(found.caller, workspace, key, endpoint, decision)

    def foresee(self, workspace: Workspace, key: ApiKey, question: ForeseeRequest) -> ForeseenRequest:
        """Return what would become of a request now, by the very checks that it would meet. Nothing is counted.

        raises: EcholessError(INVALID_PARAMETERS) for an endpoint that is not in the table
        """
        endpoint = ENDPOINT_BY_NAME.get(question.endpoint)
        if endpoint is None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "There is no such endpoint.", param="path")
        found = Credential(Caller(workspace.workspace_id, key.key_id), key)
        outcome = self._admit_known(endpoint, question.switch, found, store_works=True)
        code, message, param = "", "", None
        if isinstance(outcome, Refused):
            code, message, param = outcome.code, outcome.message, outcome.param
            level = wanted_by(endpoint, question.switch, self._standing(workspace, key))
        else:
            level = outcome.decision.level
        return ForeseenRequest(
            endpoint=endpoint.name, mode=outcome.mode, level=level,
            code=code, message=message, param=param, policy_version=workspace.policy_version,
        )  # fmt: skip

    def quota_refusal(self, workspace: Workspace, key: ApiKey, credits: int, mode: RetentionMode) -> Refused | None:
        """Return why so many units more are too many, or None."""
        if self._accounts.meter(workspace.workspace_id).character_count + credits > workspace.character_limit:
            return _refused(ErrorCode.QUOTA_EXCEEDED, QUOTA_SPENT, mode=mode)
        limit = key.character_limit
        if limit is not None and self._accounts.meter(key.key_id).character_count + credits > limit:
            return _refused(ErrorCode.QUOTA_EXCEEDED, KEY_QUOTA_SPENT, mode=mode)
        return None

    def _standing(self, workspace: Workspace, key: ApiKey) -> Standing:
        return Standing(
            is_enterprise=workspace.is_enterprise,
            is_entitled=workspace.is_entitled,
            is_restricted=workspace.is_restricted,
            is_enforced=workspace.is_enforced,
            is_hipaa=workspace.is_hipaa,
            key_floor=key.retention,
            ineligible=workspace.ineligible,
            host_is_confined=self._host.is_confined,
        )


def is_counted(endpoint: Endpoint) -> bool:
    """Whether requests here count for concurrency and quota: those that make something, not reading or settings."""
    return endpoint.retention_class is EndpointClass.HONOURED


def counts_while_generating(endpoint: Endpoint) -> bool:
    """Whether a request here counts for concurrency only while it makes something: all sockets."""
    return endpoint.method == "WS" and is_counted(endpoint)


def has_contexts(endpoint: Endpoint) -> bool:
    """Whether a ticket here may have others below it: sockets that speak."""
    return counts_while_generating(endpoint) and endpoint.product in _SOCKETS_WITH_CONTEXTS


def source_of(endpoint: Endpoint) -> str:
    """Return the word for what an endpoint makes, or an empty text where it makes no items."""
    return _SOURCES.get(endpoint.product, "") if is_counted(endpoint) else ""


def _mode_asked_for(endpoint: Endpoint, switch: Switch) -> RetentionMode:
    """Return what a request would have had by its own word; one that cannot be read is taken as the stricter."""
    is_zero = endpoint.is_generation and switch in {Switch.LOGGING_OFF, Switch.UNREADABLE}
    return RetentionMode.ZERO if is_zero else RetentionMode.DEFAULT


def _mode_wanted(endpoint: Endpoint, switch: Switch, workspace: Workspace, key: ApiKey) -> RetentionMode:
    is_floor = workspace.binds_to_zero or key.retention is RetentionMode.ZERO
    return RetentionMode.ZERO if endpoint.is_generation and is_floor else _mode_asked_for(endpoint, switch)


def _refused(
    code: ErrorCode, message: str, *, mode: RetentionMode, param: str | None = None, retry_after_s: int = 0
) -> Refused:
    return Refused(
        code=code.value, message=message, param=param, mode=mode, retry_after_s=retry_after_s,
        request_id=request_id_of(new_ticket_id()),
    )  # fmt: skip


def withdrawn(mode: RetentionMode) -> Refused:
    """Return the refusal of somebody whose workspace is being deleted: their key is unknown from now on."""
    return _refused(ErrorCode.INVALID_API_KEY, INVALID_KEY, mode=mode)


def too_many(mode: RetentionMode) -> Refused:
    """Return the refusal of a workspace that runs as many requests as it may."""
    message = "Too many requests of this workspace run at once."
    return _refused(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, message, mode=mode, retry_after_s=1)
