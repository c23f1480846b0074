"""Single sign-on by OpenID Connect, for enterprises: their provider proves who somebody is, we open a session.

Each login has a state, a nonce and a verifier of its own, held in memory for ten minutes and used once. A name that
the provider has is bound to a member at the first login, by an address that the provider vouches for; from then on
the name alone counts.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.vault.identity.addresses import domain_of, normal_address, subject_digest
from echoless.vault.identity.id_tokens import (
    Attempt,
    Endpoints,
    Identified,
    authorization_url,
    endpoints_of,
    identified,
    token_request,
)
from echoless.vault.identity.people import Erase, People
from echoless.vault.identity.ports import NoWay, ProviderWay
from echoless.vault.identity.sessions import Sessions
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.members import MemberProfile, Provider, load_providers, provider_row
from echoless.vault.stores.membership import Member, Session
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writing import Row, Write

ATTEMPT_LIFE_S: Final = 600.0
ATTEMPTS_MAX: Final = 10_000
_CONFIGURATION: Final = "/.well-known/openid-configuration"
_URL: Final = re.compile(r"https?://[!-~]{1,1990}", re.ASCII)
_NONE: Final = "There is no single sign-on for this workspace."
_STALE: Final = "This login was not begun here, or was used or took too long."


@dataclass(frozen=True, slots=True, repr=False)
class _Stored:
    sign_on_id: str
    created_unix: int
    sealer: ItemSealer
    provider: Provider


@dataclass(frozen=True, slots=True, repr=False)
class _Begun:
    workspace_id: str
    provider: Provider
    endpoints: Endpoints
    attempt: Attempt
    until_s: float


class SignOns:
    """The identity providers of workspaces, and logins by them.

    way: to the providers' servers; may be exchanged
    """

    def __init__(self, storage: Storage, clock: Clock, erase: Erase, people: People, sessions: Sessions) -> None:
        self._storage = storage
        self._clock = clock
        self._erase = erase
        self._people = people
        self._sessions = sessions
        self._by_workspace: dict[str, _Stored] = {}
        self._begun: dict[str, _Begun] = {}
        self.way: ProviderWay = NoWay()

    async def load(self) -> None:
        """Take what is stored into memory."""
        found = await self._storage.read(load_providers)
        self._by_workspace = {workspace_id: _Stored(*rest) for workspace_id, rest in found}

    # --- administration ---

    def provider(self, workspace_id: str) -> Provider:
        """Return the provider of a workspace.

        raises: EcholessError(NOT_FOUND)
        """
        stored = self._by_workspace.get(workspace_id)
        if stored is None:
            raise EcholessError(ErrorCode.NOT_FOUND, _NONE)
        return stored.provider

    async def set(self, workspace_id: str, wanted: Provider, actor_id: str) -> Provider:
        """Name the provider of an enterprise workspace; an empty secret leaves the former one of the same client.

        raises: EcholessError(INVALID_PARAMETERS)
        """
        if not self._people.accounts.workspaces[workspace_id].is_enterprise:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "Single sign-on is for enterprise workspaces.")
        for name in ("issuer", "redirect_url"):
            if _URL.fullmatch(getattr(wanted, name)) is None:
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no web address.", param=name)
        if MemberRole(wanted.default_role) is MemberRole.ADMIN:
            message = "A first login makes nobody an administrator."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="default_role")
        before = self._by_workspace.get(workspace_id)
        # Another issuer would be shown the secret that the former one knows.
        is_same = before is not None and _client_of(before.provider) == _client_of(wanted)
        if not wanted.client_secret and before is not None and is_same:
            wanted = Provider(
                wanted.issuer, wanted.client_id, before.provider.client_secret, wanted.redirect_url,
                wanted.domains, wanted.default_role,
            )  # fmt: skip
        # A new id and key each time: nothing of the former secret stays readable.
        sign_on_id = new_opaque_id()
        stored = _Stored(sign_on_id, self._clock.unix_ms() // 1000, ItemSealer.new(sign_on_id), wanted)
        if before is not None:
            await self._erase([before.sign_on_id])
        await self._write(workspace_id, stored, actor_id)
        return wanted

    async def _write(self, workspace_id: str, stored: _Stored, actor_id: str) -> None:
        sealer, sign_on_id = stored.sealer, stored.sign_on_id
        wrapped = self._storage.keyring.wrap_item_key(workspace_id, sign_on_id, sealer.key)
        key: Row = {"item_id": sign_on_id, "workspace_id": workspace_id, "wrapped": wrapped}
        row = provider_row(workspace_id, sealer, sign_on_id, stored.created_unix, stored.provider)
        act = audit_row(self._clock, workspace_id, actor_id, "sign_on.set", sign_on_id)
        self._by_workspace.pop(workspace_id, None)
        await self._storage.writer.now((Write.ITEM_KEY, key), (Write.SIGN_ON, row), act)
        self._by_workspace[workspace_id] = stored

    async def remove(self, workspace_id: str, actor_id: str) -> None:
        """Take single sign-on away.

        raises: EcholessError(NOT_FOUND)
        """
        self.provider(workspace_id)
        stored = self._by_workspace.pop(workspace_id)
        act = audit_row(self._clock, workspace_id, actor_id, "sign_on.remove", stored.sign_on_id)
        await self._storage.writer.now(act)
        await self._erase([stored.sign_on_id])

    def forget_workspace(self, workspace_id: str) -> None:
        """Forget the provider of a workspace that is deleted."""
        self._by_workspace.pop(workspace_id, None)

    # --- logging in ---

    async def start(self, workspace_id: str) -> tuple[str, str]:
        """Begin a login; return where the browser goes, and the state that it will bring back.

        raises: EcholessError(NOT_FOUND), the same for a workspace that never was;
                EcholessError(INVALID_PARAMETERS, ENGINE_UNAVAILABLE) where the provider cannot be asked
        """
        provider = self.provider(workspace_id)
        configuration = await self.way.get(provider.issuer.rstrip("/") + _CONFIGURATION)
        endpoints = endpoints_of(provider.issuer, configuration)
        attempt = Attempt(secrets.token_hex(24), secrets.token_hex(24), secrets.token_urlsafe(48))
        until_s = self._clock.monotonic_s() + ATTEMPT_LIFE_S
        self._begun[attempt.state] = _Begun(workspace_id, provider, endpoints, attempt, until_s)
        while len(self._begun) > ATTEMPTS_MAX:
            del self._begun[next(iter(self._begun))]
        return authorization_url(provider, endpoints, attempt), attempt.state

    async def finish(self, state: str, code: str) -> tuple[Member, Session, str]:
        """Open a session for whoever comes back from the provider; a state is good for one attempt.

        raises: EcholessError(INVALID_TOKEN) for a state that is not open here; EcholessError(INVALID_CREDENTIALS)
                where the provider proves nothing or nobody of the workspace; EcholessError(ENGINE_UNAVAILABLE)
        """
        begun = self._begun.pop(state, None)
        if begun is None or self._clock.monotonic_s() >= begun.until_s:
            raise EcholessError(ErrorCode.INVALID_TOKEN, _STALE, param="state")
        form, authorization = token_request(begun.provider, begun.endpoints, begun.attempt, code)
        answer = await self.way.post_form(begun.endpoints.token_url, form, authorization)
        keys = await self.way.get(begun.endpoints.keys_url)
        now_unix = self._clock.unix_ms() // 1000
        who = identified(begun.provider, begun.attempt, answer, keys, now_unix)
        async with self._people.one_at_a_time:
            member = await self._member_of(begun, who)
            session, token = await self._sessions.open(member)
        return member, session, token

    async def _member_of(self, begun: _Begun, who: Identified) -> Member:
        """Return the member who is meant, made or bound where that may be.

        raises: EcholessError(INVALID_CREDENTIALS)
        """
        subject = subject_digest(self._storage.keyring, begun.provider.issuer, who.subject)
        mine = self._people.accounts.members_of(begun.workspace_id)
        member = next((one for one in mine if one.subject_digest == subject), None)
        if member is None and who.address:
            member = await self._bound_or_made(begun, who, subject)
        is_current = self._by_workspace.get(begun.workspace_id)
        if member is None or member.is_locked or is_current is None or is_current.provider != begun.provider:
            message = "The workspace does not know whom the identity provider names."
            raise EcholessError(ErrorCode.INVALID_CREDENTIALS, message)
        return member

    async def _bound_or_made(self, begun: _Begun, who: Identified, subject: bytes) -> Member | None:
        address = normal_address(who.address)
        known = self._people.with_address(address, begun.workspace_id)
        if known is not None:
            if known.subject_digest:
                # Another name of the provider's with the same address is somebody else.
                return None
            return await self._people.change(known.user_id, _binding(subject), known.user_id, "member.sign_on")
        if domain_of(address) not in begun.provider.domains:
            return None
        profile = MemberProfile(address, who.first_name)
        role = MemberRole(begun.provider.default_role)
        return await self._people.add(begun.workspace_id, profile, role, "sign_on", subject=subject)


def _client_of(provider: Provider) -> tuple[str, str]:
    return provider.issuer, provider.client_id


def _binding(subject: bytes) -> Callable[[Member], Member]:
    return lambda before: replace(before, subject_digest=subject)
