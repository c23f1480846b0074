"""An id of another workspace is answered like one that never existed: the same words for the same work.

Time itself is not measured: noise would decide. What takes time is: the functions of the vault that
are called and the statements that are run, counted for both requests, must be the same.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_letters
from typing import Any

import pytest

from echoless.crossing.member_records import MemberList, OperatorAddMember
from echoless.volatile.gateway.app import product_routes
from tests.fakes.gateway_double import KEY, GatewayDouble
from tests.fakes.one_process import Answer, OneProcess, Tracer, Work, one_process

pytestmark = [pytest.mark.api, pytest.mark.anyio, pytest.mark.claim("Z30")]
VOICE = "21m00Tcm4TlvDq8ikWAM"
SPEECH = f"/v1/text-to-speech/{VOICE}"
PASSWORD = "A long password, 4 tests."
# Placeholders that name nothing of a workspace, each with why.
NOBODYS = {
    "{voice}": "voices are the catalogue's, the same for all workspaces",
    "{token_type}": "a word of a list",
    **dict.fromkeys([f"{{part{number}}}" for number in range(1, 7)], "the public log, the same for all"),
    "{certificate}": "shown to whoever has its id, which says of whom nothing",
}
BODIES: dict[str, Any] = {
    "PATCH /v1/pronunciation-dictionaries/{dict}": {"archived": True},
    "POST /v1/pronunciation-dictionaries/{dict}/set-rules": {"rules": []},
    "POST /v1/pronunciation-dictionaries/{dict}/add-rules": {
        "rules": [{"type": "alias", "string_to_replace": "a", "alias": "b"}]
    },
    "POST /v1/pronunciation-dictionaries/{dict}/remove-rules": {"rule_strings": ["a"]},
    "POST /v1/service-accounts/{sa}/api-keys": {"name": "n", "permissions": ["models_read"]},
    "PATCH /v1/service-accounts/{sa}/api-keys/{key}": {"name": "n", "permissions": ["models_read"]},
    "PATCH /v1/workspace/webhooks/{hook}": {"is_disabled": True, "name": "n"},
    "PUT /v1/workspace/members/{user}/usage-limit": {"usage_limit": 5},
    "POST /v1/workspace/groups/{group}/members": {"email": "a@example.org"},
    "POST /v1/workspace/groups/{group}/members/remove": {"email": "a@example.org"},
}
# Ids in bodies: the address and the body, with `{name}` where the id goes.
IN_BODIES: tuple[tuple[str, str, Any], ...] = (
    ("item", "POST /v1/history/download", {"history_item_ids": ["{item}"]}),
    ("request", f"POST {SPEECH}", {"text": "Hello.", "previous_request_ids": ["{request}"]}),
    (
        "dict",
        f"POST {SPEECH}?enable_logging=false",
        {"text": "Hello.", "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "{dict}"}]},
    ),
    # Last, since one's own is gone after it.
    ("item", "POST /v1/history/deletions", {"history_item_ids": ["{item}"]}),
)


# Where one's own is not answered by 200: no recording was kept with a spoken item.
# Receipts are signed a second after their request, and by nobody in this process.
OWN_STATUSES = {
    "GET /v1/history/{item}/input-audio": 404,
    "GET /v1/workspace/zero-retention/receipts/{request}": 404,
}
# What answers how many there were, which is none.
COUNTING = {"POST /v1/history/deletions"}
MADE = {"item", "tr", "dict", "ver", "job", "sa", "key", "hook", "user", "group", "session", "request"}


@dataclass
class Ids:
    """What one workspace has, by the word that stands for it in addresses."""

    key: str
    session: str = ""
    of: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """Two workspaces in one vault; requests are followed."""

    server: OneProcess
    tracer: Tracer
    mine: Ids
    theirs: Ids

    async def follow(self, name: str, ids: dict[str, str]) -> tuple[Answer, Work]:
        """Ask once with the ids put in; return the answer and what the vault did for it."""
        method, target = name.split(" ", 1)
        body = BODIES.get(name)
        key = self.mine.session if needs_session(name) else self.mine.key
        await self.server.settle()
        with self.tracer.following() as work:
            answer = await self.server.ask(method, filled(target, ids), filled(body, ids), key=key)
            await self.server.settle()
        return answer, work


def needs_session(name: str) -> bool:
    return "/sessions/" in name


def filled(value: Any, ids: dict[str, str]) -> Any:
    """Put ids where their words stand, at any depth."""
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    if isinstance(value, str):
        for word, each in ids.items():
            value = value.replace(f"{{{word}}}", each)
    return value


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    tracer = Tracer()
    with tracer.installed():
        async with one_process(tmp_path) as server, GatewayDouble.connected(server.vault) as double:
            _workspace, _key, secret = await server.vault.administration.create_workspace(
                "other", "enterprise", is_entitled=True
            )
            mine = await filled_workspace(server, double, KEY, "a@example.org")
            theirs = await filled_workspace(server, double, secret, "b@example.org")
            yield World(server, tracer, mine, theirs)


async def filled_workspace(server: OneProcess, double: GatewayDouble, key: str, address: str) -> Ids:
    """Make one of everything that has an id."""
    ids = Ids(key)

    async def made(method: str, target: str, body: Any = None, key: str = key) -> Any:
        answer = await server.ask(method, target, body, key=key)
        assert answer.status == 200, (target, answer.body)
        return answer.json

    spoken = await server.ask("POST", SPEECH, {"text": "Kept."}, key=key)
    ids.of |= {"item": spoken.headers["history-item-id"], "request": spoken.headers["request-id"]}
    ids.of["tr"] = await double.transcribe(b"recording", b'{"text": "Kept."}', key=key)
    rules = {"name": "n", "rules": [{"type": "alias", "string_to_replace": "a", "alias": "b"}]}
    dictionary = await made("POST", "/v1/pronunciation-dictionaries/add-from-rules", rules)
    ids.of |= {"dict": dictionary["id"], "ver": dictionary["version_id"]}
    deletion = await made("POST", "/v1/history/deletions", {"history_item_ids": [await double.make("x", key=key)]})
    ids.of["job"] = next(str(value) for name, value in deletion.items() if name.endswith("_id"))
    account = await made("POST", "/v1/service-accounts", {"name": "n"})
    ids.of["sa"] = account["service-account-user-id"]
    new_key = {"name": "n", "permissions": ["models_read"]}
    ids.of["key"] = (await made("POST", f"/v1/service-accounts/{ids.of['sa']}/api-keys", new_key))["key_id"]
    hook = {"auth_type": "hmac", "name": "n", "webhook_url": "https://example.org/hook"}
    ids.of["hook"] = (await made("POST", "/v1/workspace/webhooks", {"settings": hook}))["webhook_id"]
    workspace_id = workspace_of(server, key)
    member = OperatorAddMember(workspace_id, address, "admin", password=PASSWORD, is_owner=True)
    added = await server.vault.operate(member)
    assert isinstance(added, MemberList), (added, getattr(added, "message", ""))
    ids.of["user"] = added.members[0].user_id
    login = {"email": address, "password": PASSWORD, "workspace_id": workspace_id}
    session = await made("POST", "/v1/workspace/login", login, key="")
    ids.session, ids.of["session"] = session["token"], session["session_id"]
    ids.of["group"] = (await made("POST", "/v1/workspace/groups", {"name": "n"}))["id"]
    return ids


def workspace_of(server: OneProcess, key: str) -> str:
    accounts = server.vault.administration.accounts
    found = next(each for each in accounts.keys.values() if each.hint == key[-4:])
    return found.workspace_id


def owned_routes() -> list[str]:
    """Every served route that names something of a workspace in its address."""
    names = [route.endpoint_name for route in product_routes()]
    return [name for name in names if set(words_of(name)) - {word.strip("{}") for word in NOBODYS}]


def words_of(name: str) -> list[str]:
    return re.findall(r"{(\w+)}", name)


def unknown_like(known: str) -> str:
    """An id of the same form that nobody has."""
    digits = "0123456789abcdef" if set(known) <= set("0123456789abcdef") else ascii_letters + "0123456789"
    turned = dict(zip(digits, digits[1:] + digits[0], strict=True))
    cut = len(known) // 2
    return known[:cut] + "".join(turned.get(each, each) for each in known[cut:])


_NEW = {"request-id", "x-echoless-receipt", "content-length"}


def shown(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """What a client can compare: everything but new ids."""
    body = re.sub(rb'"(request|deletion)_id":"[^"]*"', b"", answer.body)
    headers = {name: value for name, value in answer.headers.items() if name not in _NEW}
    return answer.status, body, headers


async def differences(world: World, name: str, word: str) -> list[str]:
    """Ask for something of the other workspace, and for something that never was; return what tells them apart."""
    theirs = world.mine.of | {word: world.theirs.of[word]}
    nobodys = world.mine.of | {word: unknown_like(world.theirs.of[word])}
    assert nobodys[word] not in {world.mine.of[word], world.theirs.of[word]}
    # What is done once only, such as preparing a statement, is done before.
    for ids in (nobodys, theirs):
        await world.follow(name, ids)
    unknown, work_for_unknown = await world.follow(name, nobodys)
    foreign, work_for_foreign = await world.follow(name, theirs)
    found = []
    if shown(foreign) != shown(unknown):
        found.append(f"answer {shown(foreign)} for {shown(unknown)}")
    more, less = work_for_foreign - work_for_unknown, work_for_unknown - work_for_foreign
    if more or less:
        found.append(f"more work: {dict(more)}, less work: {dict(less)}")
    if not 400 <= foreign.status < 500 and name not in COUNTING:
        found.append(f"status {foreign.status}")
    if world.theirs.of[word].encode() in foreign.body:
        found.append("the answer holds the id")
    return [f"{name} with a foreign {word}: {each}" for each in found]


async def test_what_belongs_to_others_is_answered_as_if_it_were_not_there(world: World) -> None:
    """C11, T41: each id in each address in turn."""
    found = []
    for name in owned_routes():
        for word in words_of(name):
            found += await differences(world, name, word)
    assert not found, "\n".join(found)


async def test_what_is_ones_own_is_served_by_other_work(world: World) -> None:
    """The control: the same requests find something where it is one's own, and the tracer sees that."""
    order = ("GET", "PUT", "PATCH", "POST", "DELETE")
    for name in sorted(owned_routes(), key=lambda each: order.index(each.split()[0])):
        _unknown, least = await world.follow(name, {word: unknown_like(i) for word, i in world.mine.of.items()})
        own, work = await world.follow(name, world.mine.of)
        assert own.status == OWN_STATUSES.get(name, 200), (name, own.status, own.body)
        assert work != least or own.status == 404, f"{name}: the tracer saw nothing"


async def test_what_belongs_to_others_is_not_there_in_a_body_either(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for word, name, body in IN_BODIES:
        monkeypatch.setitem(BODIES, name, body)
        found += await differences(world, name, word)
        own, _work = await world.follow(name, world.mine.of)
        assert own.status == 200, (name, own.body)
    assert not found, "\n".join(found)


def test_every_placeholder_is_somebodys_or_nobodys() -> None:
    words = {word for name in owned_routes() for word in words_of(name)}
    assert words == MADE
