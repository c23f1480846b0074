"""Single sign-on against a provider that behaves, and against everything that is not one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import StoreAccess
from echoless.vault.identity.identity import Identity
from echoless.vault.identity.sign_on import ATTEMPT_LIFE_S
from echoless.vault.stores.members import Provider
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock
from tests.fakes.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URL,
    IdentityProvider,
    Person,
    signed_by_nobody,
    signed_by_secret,
    signed_by_stranger,
)
from tests.fakes.outside import Asked
from tests.fakes.people import ADDRESS, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ISSUER = "https://login.example.org/tenant"
ADA = Person("ada-1", ADDRESS)


@pytest.fixture
def stores() -> StoreAccess:
    """One pair of stores is enough here: nothing is kept but a member and a session."""
    return StoreAccess()


class DirectWay:
    """Asks a provider in this process, as the courier would over the network."""

    def __init__(self, provider: IdentityProvider) -> None:
        self._provider = provider

    async def get(self, url: str) -> bytes:
        return self._ask("GET", url, b"", "")

    async def post_form(self, url: str, form: bytes, authorization: str) -> bytes:
        return self._ask("POST", url, form, authorization)

    def _ask(self, method: str, url: str, form: bytes, authorization: str) -> bytes:
        assert url.startswith(self._provider.issuer)
        headers = {"authorization": authorization} if authorization else {}
        said = self._provider.script(Asked(method, url.removeprefix(ISSUER), headers, form, "", None))
        if said.status != 200:
            raise EcholessError(ErrorCode.INVALID_CREDENTIALS, "refused")
        return said.body


@pytest.fixture
async def provider(identity: Identity, workspace_id: str, clock: TurnedClock) -> AsyncIterator[IdentityProvider]:
    made = IdentityProvider(ISSUER, now_unix=lambda: clock.unix_ms() // 1000)
    identity.sign_ons.way = DirectWay(made)
    await set_provider(identity, workspace_id)
    yield made


async def set_provider(identity: Identity, workspace_id: str, **changes: Any) -> None:
    wanted = Provider(ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URL, ("example.org",), "viewer")
    values = {name: getattr(wanted, name) for name in Provider.__struct_fields__} | changes
    async with identity.people.one_at_a_time:
        await identity.sign_ons.set(workspace_id, Provider(**values), "operator")


async def sign_on(identity: Identity, provider: IdentityProvider, workspace_id: str, person: Person = ADA) -> Any:
    url, state = await identity.sign_ons.start(workspace_id)
    came_back, code = provider.let_in(url, person)
    assert came_back == state
    return await identity.sign_ons.finish(state, code)


async def refused(identity: Identity, provider: IdentityProvider, workspace_id: str, person: Person = ADA) -> str:
    with pytest.raises(EcholessError) as caught:
        await sign_on(identity, provider, workspace_id, person)
    assert not identity.people.accounts.sessions
    return caught.value.code.value


@pytest.mark.parametrize("methods", [None, ["client_secret_basic"], ["client_secret_post"]])
async def test_a_member_is_found_by_an_address_the_provider_vouches_for_and_then_by_name(
    identity: Identity, provider: IdentityProvider, workspace_id: str, methods: list[str] | None
) -> None:
    provider.auth_methods = methods
    known = await add_member(identity, workspace_id, ADDRESS, MemberRole.EDITOR)
    member, session, token = await sign_on(identity, provider, workspace_id)
    assert (member.user_id, member.role) == (known.user_id, MemberRole.EDITOR)
    assert token.startswith("es_") and session.user_id == known.user_id
    # The provider may rename people: what counts from now on is its own name for them.
    again, _, _ = await sign_on(identity, provider, workspace_id, Person("ada-1", "ada@elsewhere.test"))
    assert again.user_id == known.user_id


async def test_a_first_login_of_a_known_domain_makes_a_member_and_of_another_does_not(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    stranger = Person("eve-1", "eve@elsewhere.test")
    assert await refused(identity, provider, workspace_id, stranger) == "invalid_credentials"
    member, _, _ = await sign_on(identity, provider, workspace_id)
    assert (member.role, member.is_owner) == (MemberRole.VIEWER, False)
    assert identity.people.profile(member).first_name == "Grace"


async def test_an_address_that_the_provider_does_not_vouch_for_is_nobodys(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    person = Person("eve-1", ADDRESS, email_verified=False)
    assert await refused(identity, provider, workspace_id, person) == "invalid_credentials"


async def test_another_name_with_a_bound_address_is_somebody_else(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    await sign_on(identity, provider, workspace_id)
    with pytest.raises(EcholessError) as caught:
        await sign_on(identity, provider, workspace_id, Person("eve-1", ADDRESS))
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS


async def test_a_locked_member_is_not_let_in(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS, MemberRole.EDITOR)
    async with identity.people.one_at_a_time:
        await identity.edit(member, "operator", is_locked=True)
    assert await refused(identity, provider, workspace_id) == "invalid_credentials"


@pytest.mark.parametrize("signer", [signed_by_stranger, signed_by_secret, signed_by_nobody])
async def test_only_a_published_key_speaks_for_the_provider(
    identity: Identity, provider: IdentityProvider, workspace_id: str, signer: Any
) -> None:
    provider.sign_by = signer
    assert await refused(identity, provider, workspace_id) == "invalid_credentials"


BENT: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example.org"},
    "another client": {"aud": "somebody-else"},
    "many clients, meant for another": {"aud": [CLIENT_ID, "other"], "azp": "other"},
    "expired": {"exp": 1_799_000_000},
    "from the future": {"nbf": 1_900_000_000},
    "another login": {"nonce": "of another login"},
    "no nonce": {"nonce": None},
    "nobody": {"sub": None},
    "no end": {"exp": None},
}


@pytest.mark.parametrize("name", BENT)
async def test_every_claim_is_checked(
    identity: Identity, provider: IdentityProvider, workspace_id: str, name: str
) -> None:
    def bend(claims: dict[str, Any]) -> None:
        for claim, value in BENT[name].items():
            claims[claim] = value
            if value is None:
                del claims[claim]

    provider.bend = bend
    assert await refused(identity, provider, workspace_id) == "invalid_credentials"


async def test_a_login_that_was_finished_cannot_be_finished_again(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    url, state = await identity.sign_ons.start(workspace_id)
    _, code = provider.let_in(url, ADA)
    await identity.sign_ons.finish(state, code)
    count = provider.token_request_count
    with pytest.raises(EcholessError) as caught:
        await identity.sign_ons.finish(state, code)
    assert caught.value.code is ErrorCode.INVALID_TOKEN
    assert provider.token_request_count == count


async def test_a_code_of_one_login_is_worthless_in_another(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    """Its verifier is that of the login that asked for it."""
    first, _ = await identity.sign_ons.start(workspace_id)
    _, stolen = provider.let_in(first, ADA)
    _, state = await identity.sign_ons.start(workspace_id)
    with pytest.raises(EcholessError) as caught:
        await identity.sign_ons.finish(state, stolen)
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS


async def test_a_login_that_takes_too_long_is_begun_anew(
    identity: Identity, provider: IdentityProvider, workspace_id: str, clock: TurnedClock
) -> None:
    url, state = await identity.sign_ons.start(workspace_id)
    _, code = provider.let_in(url, ADA)
    clock.turn(ATTEMPT_LIFE_S)
    with pytest.raises(EcholessError) as caught:
        await identity.sign_ons.finish(state, code)
    assert caught.value.code is ErrorCode.INVALID_TOKEN


async def test_a_configuration_of_another_issuer_is_refused(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    """Else whoever can answer at the address could speak for the issuer."""
    real = provider.script

    def script(asked: Asked) -> Any:
        said = real(asked)
        said.body = said.body.replace(b'"issuer": "https://login', b'"issuer": "https://evil')
        return said

    identity.sign_ons.way = DirectWay(_Scripted(script))  # type: ignore[arg-type]  # only its script is asked
    with pytest.raises(EcholessError) as caught:
        await identity.sign_ons.start(workspace_id)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


class _Scripted:
    issuer = ISSUER

    def __init__(self, script: Any) -> None:
        self.script = script


async def test_single_sign_on_is_for_enterprises_and_makes_no_administrators(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    with pytest.raises(EcholessError):
        await set_provider(identity, workspace_id, default_role="admin")
    workspace = storage.accounts.workspaces[workspace_id]
    storage.accounts.workspaces[workspace_id] = replace(workspace, tier="pro")
    with pytest.raises(EcholessError):
        await set_provider(identity, workspace_id)


async def test_a_workspace_without_a_provider_is_answered_like_one_that_never_was(
    identity: Identity, workspace_id: str
) -> None:
    texts = set()
    for name in (workspace_id, "never"):
        with pytest.raises(EcholessError) as caught:
            await identity.sign_ons.start(name)
        texts.add((caught.value.code, caught.value.public_description))
    assert len(texts) == 1


async def test_a_provider_that_was_replaced_meanwhile_lets_nobody_in(
    identity: Identity, provider: IdentityProvider, workspace_id: str
) -> None:
    url, state = await identity.sign_ons.start(workspace_id)
    _, code = provider.let_in(url, ADA)
    await set_provider(identity, workspace_id, client_id="another")
    with pytest.raises(EcholessError) as caught:
        await identity.sign_ons.finish(state, code)
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS


@pytest.mark.parametrize("other", [{"issuer": "https://another.example.org"}, {"client_id": "another"}])
async def test_a_secret_that_stays_is_not_shown_to_another_provider(
    identity: Identity, provider: IdentityProvider, workspace_id: str, other: dict[str, str]
) -> None:
    await set_provider(identity, workspace_id, client_secret="")
    assert identity.sign_ons.provider(workspace_id).client_secret == CLIENT_SECRET
    await set_provider(identity, workspace_id, client_secret="", **other)
    assert identity.sign_ons.provider(workspace_id).client_secret == ""
