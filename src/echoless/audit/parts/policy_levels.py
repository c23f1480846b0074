"""Who may have zero retention, and who may demand it: key, token, workspace; a lower level switches nothing off.

Workspaces of other plans are made only where the server is the audit's own.
source: the wire contract, zero retention, sections 2, 3 and 5
"""

from __future__ import annotations

import http.client
import json
from typing import Any, Final

from echoless.audit.parts.asking import (
    MODE_HEADER,
    ZERO_QUERY,
    Asking,
    Expectations,
    is_refused,
    is_served_zero,
    mode_of,
)
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.socket_client import AuditSocket
from echoless.core.errors import EcholessError
from echoless.crossing.answers import told
from echoless.crossing.operator_records import CreateWorkspace, SetRestriction, WorkspaceCreated
from echoless.retention.endpoints import ENDPOINTS

_POLICY: Final = "/v1/workspace/zero-retention"
_ACCOUNTS: Final = "/v1/service-accounts"
_NOT_PERMITTED: Final = "zero_retention_not_permitted"
_HUGE_BYTES: Final = 1_000_000_000
_POLICY_CLOSE: Final = 1008
_ANSWERED_WITHIN_S: Final = 10.0


def check_levels(asking: Asking) -> None:
    """Check key, token and workspace, strictest first."""
    _check_standing(asking)
    _check_key_and_token(asking)
    if asking.scene.server.is_in_use:
        return
    try:
        guests = {tier: _guest(asking, tier) for tier in ("free", "enterprise")}
    except EcholessError as error:
        asking.scene.report.check("other workspaces can be made", False, error.public_description, "C1")
        return
    _check_not_entitled(asking, guests["free"])
    _check_enforced(asking, guests["enterprise"])
    _check_restricted(asking, guests["enterprise"])


def _check_standing(asking: Asking) -> None:
    with asking.check("the workspace can see what its requests would have", "C7") as check:
        policy = json.loads(asking.get(_POLICY).body)
        check.expect(policy["permitted"] is True, "this key's workspace may not have zero retention")
        asked = policy["effective"]["with_enable_logging_false"]
        check.expect(asked["retention"] == "zero", "what asks for zero retention would not have it")


def _check_key_and_token(asking: Asking) -> None:
    """A key may demand zero retention for everything that is sent with it, and a token for its one use."""
    with (
        asking.check("a key that demands zero retention cannot be talked out of it", "C5") as check,
        Asking(asking.scene, _bound_key(asking)) as bound,
    ):
        for query in ("", "?enable_logging=true", "?enable_logging=1", ZERO_QUERY):
            answer = bound.speak("bound key", query)
            check.expect(is_served_zero(answer), f"{query or 'absent'}: status {answer.status} {mode_of(answer)}")
        stream = f"{SPEECH}/stream-input?model_id={MODEL}&output_format=pcm_16000&enable_logging=true"
        code, mode = _closed_with(bound.client.open_socket(stream))
        check.expect((code, mode) == (1000, "zero"), f"its socket: closed with {code}, mode {mode}")
    with asking.check("a token that was made for zero retention has it", "C5") as check:
        for query in ("", "&enable_logging=true"):
            made = asking.client.request(
                "POST", "/v1/single-use-token/tts_websocket", {"enable_logging": False}
            )  # fmt: skip
            token = json.loads(made.body)["token"]
            path = f"{SPEECH}/stream-input?model_id={MODEL}&single_use_token={token}{query}"
            code, mode = _closed_with(AuditSocket.opened(asking.scene.server.url, path, {}))
            check.expect((code, mode) == (1000, "zero"), f"{query or 'absent'}: closed with {code}, mode {mode}")


def _closed_with(opened: AuditSocket) -> tuple[int, str]:
    """Say nothing on a socket that speaks, and return the code of its close and the mode that it stated."""
    opened.say(json.dumps({"text": " "}), json.dumps({"text": ""}))
    return opened.hear_to_the_close(), opened.headers.get(MODE_HEADER, "")


def _bound_key(asking: Asking) -> str:
    """Make a key with the floor zero, under the first service account there is; it is deleted in the end."""
    accounts = asking.member(_ACCOUNTS, "service-accounts")
    if accounts:
        account = str(accounts[0]["service_account_user_id"])
    else:
        made = asking.client.request("POST", _ACCOUNTS, {"name": "echoless audit"})
        account = str(json.loads(made.body)["service-account-user-id"])
    path = f"{_ACCOUNTS}/{account}/api-keys"
    body = {"name": "echoless audit", "permissions": "all", "retention": "zero"}
    key: dict[str, Any] = json.loads(asking.client.request("POST", path, body).body)
    asking.undo("DELETE", f"{path}/{key['key_id']}")
    return str(key["xi-api-key"])


def _guest(asking: Asking, tier: str) -> WorkspaceCreated:
    """Make a workspace of a plan, on a server of the audit's own.

    raises: EcholessError where the vault cannot be asked
    """
    server = asking.scene.server
    question = CreateWorkspace(f"audit {tier}", tier, tier == "enterprise")
    return told(asking.scene.options.ask_operator(server.data_directory, question), WorkspaceCreated)


def _check_not_entitled(asking: Asking, guest: WorkspaceCreated) -> None:
    """Everything that could be had with zero retention is refused to whoever may not have it, unread."""
    with (
        asking.check("who may not have zero retention is refused, and nothing is read", "C1") as check,
        Asking(asking.scene, guest.secret) as poor,
    ):
        before = poor.member("/v1/user", "subscription", "character_count")
        for endpoint in (row for row in ENDPOINTS if row.is_eligible):
            path = endpoint.template.replace("{voice}", SPEECH.rpartition("/")[2]) + ZERO_QUERY
            if endpoint.method == "WS":
                _expect_closed(check, poor, path, endpoint.name)
                continue
            answer = poor.client.request(endpoint.method, path, {"text": poor.text("not entitled")})
            check.expect(is_refused(answer, 403, _NOT_PERMITTED), f"{endpoint.name}: status {answer.status}")
        status = _answer_to_a_huge_body(poor)
        check.expect(status == 403, f"a body of a gigabyte, of which nothing is sent: status {status}")
        after = poor.member("/v1/user", "subscription", "character_count")
        check.expect(after == before, f"{after - before} characters were counted, so an engine has worked")
        check.expect(poor.member("/v1/history", "history") == [], "its history holds something")
        kept = poor.speak("free and kept", is_kept=True)
        check.expect(kept.status == 200 and mode_of(kept) == "default", "without the switch it is not served")


def _expect_closed(check: Expectations, poor: Asking, path: str, name: str) -> None:
    opened = poor.client.open_socket(path)
    opened.say(json.dumps({"text": poor.text("not entitled")}))
    code = opened.hear_to_the_close()
    # The socket that listens has a word of its own for it.
    says = any(word in message for word in (_NOT_PERMITTED.encode(), b"auth_error") for message in opened.messages)
    check.expect(code == _POLICY_CLOSE and says, f"{name}: closed with {code}")


def _answer_to_a_huge_body(poor: Asking) -> int:
    """Announce a gigabyte, send none of it, and read the answer."""
    connection = poor.client.connected(_ANSWERED_WITHIN_S)
    try:
        connection.putrequest("POST", SPEECH + ZERO_QUERY)
        for name, value in {**poor.client.key_header, "content-length": str(_HUGE_BYTES)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _check_enforced(asking: Asking, guest: WorkspaceCreated) -> None:
    """A workspace that enforces it has it for everything, whatever key and request say."""
    with (
        asking.check("a workspace that enforces zero retention has it for every request", "C5", "C6") as check,
        Asking(asking.scene, guest.secret) as enforced,
    ):
        check.expect(enforced.client.request("PATCH", _POLICY, {"enforced": True}).status == 200, "it is refused")
        for query in ("", "?enable_logging=true", "?enable_logging=1"):
            answer = enforced.speak("enforced", query)
            check.expect(is_served_zero(answer), f"{query or 'absent'}: status {answer.status} {mode_of(answer)}")
        stores = enforced.client.request("POST", "/v1/music", {"prompt": enforced.text("enforced music")})
        check.expect(is_refused(stores, 400), f"a product that keeps: status {stores.status}")
        check.expect(enforced.member("/v1/history", "history") == [], "its history holds something")
        check.expect(enforced.client.request("PATCH", _POLICY, {"enforced": False}).status == 200, "it stays")


def _check_restricted(asking: Asking, guest: WorkspaceCreated) -> None:
    """Whose zero retention is restricted is refused it and told; what asks for none is served as before."""
    server, ask = asking.scene.server, asking.scene.options.ask_operator
    with (
        asking.check("a restricted workspace is refused, told, and never kept instead", "C10") as check,
        Asking(asking.scene, guest.secret) as held,
    ):
        ask(server.data_directory, SetRestriction(guest.workspace_id, True, "flagged"))
        answer = held.speak("restricted", ZERO_QUERY)
        check.expect(is_refused(answer, 403, _NOT_PERMITTED), f"status {answer.status} {mode_of(answer)}")
        notices = held.get("/v1/workspace/notices").body
        check.expect(b"zero_retention_restricted" in notices, "its administrators were not told")
        served = held.speak("restricted and kept", is_kept=True)
        check.expect(served.status == 200 and mode_of(served) == "default", f"without: status {served.status}")
        ask(server.data_directory, SetRestriction(guest.workspace_id, False))
        check.expect(is_served_zero(held.speak("lifted", ZERO_QUERY)), "it is not served once that is lifted")
