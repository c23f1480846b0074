"""What the switch does: every spelling of it, every place, every product, by HTTP and by socket.

Nobody may get retention who asked for none: a word that cannot be read is refused, a product that cannot do without
keeping is refused, and what is fixed at the beginning of a socket stays.
source: the wire contract, zero retention, sections 2 and 3
"""

from __future__ import annotations

import json
from typing import Final

from echoless.audit.client import Answer
from echoless.audit.options import Scene
from echoless.audit.parts.asking import (
    ZERO_QUERY,
    Asking,
    Expectations,
    is_refused,
    is_served_zero,
    mode_of,
    problem_of,
)
from echoless.audit.parts.policy_answers import check_answers
from echoless.audit.parts.policy_levels import check_levels
from echoless.audit.plantings.speech_to_text_socket import LISTENING
from echoless.audit.plantings.speech_to_text_socket import MODEL as LISTENING_MODEL
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.socket_client import SocketRefusedError
from echoless.retention.endpoints import ENDPOINTS, Endpoint, EndpointClass, Product

OFF: Final = ("false", "False", "FALSE", "0", "fAlSe")
_ON: Final = ("true", "1", "TRUE")
# What nobody can be sure of is no "keep it".
_UNREADABLE: Final = (
    "no", "off", "null", "None", "", "-1", "2", "0.0", "false%20", "%66alse%00", "falsch", "[false]", "00", "f",
)  # fmt: skip
_CONTRADICTIONS: Final = (
    "enable_logging=false&enable_logging=true",
    "enable_logging=true&enable_logging=false",
    "enable_logging=false&enable_logging=off",
    "Enable_Logging=false",
    "enableLogging=false",
    "enable-logging=false",
)
_NOT_SUPPORTED: Final = "zero_retention_not_supported"
_SWITCH: Final = "enable_logging"
_WRITES: Final = frozenset({"POST", "PATCH", "PUT"})
_BOUND: Final = frozenset(
    {EndpointClass.STORES, EndpointClass.AGENT_CONFIGURATION, EndpointClass.CONVERSATION_START}
)
_POLICY_CLOSE: Final = 1008
_NOWHERE: Final = "audit-nowhere"


def check_policy(scene: Scene) -> None:
    """Ask in every way that may not lead to retention, and look at what comes back."""
    with Asking(scene) as asking:
        _check_spellings(asking)
        _check_places(asking)
        _check_ineligible(asking)
        _check_sockets(asking)
        check_levels(asking)
        check_answers(asking)


def _check_spellings(asking: Asking) -> None:
    with asking.check("the switch: every spelling of off is off", "C2") as check:
        for word in OFF:
            check.expect(is_served_zero(asking.speak("off", f"?enable_logging={word}")), f"off as {word}")
        agreed = asking.speak("off twice", "?enable_logging=false&enable_logging=0")
        check.expect(is_served_zero(agreed), "off said twice")
    with asking.check("the switch: what cannot be read is refused, never kept", "C2") as check:
        for word in _UNREADABLE:
            _expect_unread(check, asking.speak("unreadable", f"?enable_logging={word}"), f"value {word!r}")
        for query in _CONTRADICTIONS:
            _expect_unread(check, asking.speak("contradiction", f"?{query}"), query)


def _expect_unread(check: Expectations, answer: Answer, what: str) -> None:
    is_safe = is_refused(answer, 422) and mode_of(answer) != "default"
    check.expect(is_safe, f"{what}: status {answer.status}, mode {mode_of(answer) or 'not said'}")


def _check_places(asking: Asking) -> None:
    """In the body, as a header or in a form it is refused with a hint; absent it is the default (T44)."""
    with asking.check("the switch: elsewhere than in the query it is refused", "C2") as check:
        for value in (False, True, None, "false", 0):
            answer = asking.speak("in the body", enable_logging=value)
            check.expect(is_refused(answer, 422), f"in the body as {value!r}: status {answer.status}")
        for name in ("enable_logging", "enable-logging", "x-enable-logging"):
            answer = asking.speak("as a header", headers={name: "false"})
            is_safe = is_refused(answer, 422) or is_served_zero(answer)
            check.expect(is_safe, f"as the header {name}: status {answer.status}")
    with asking.check("the switch: without it, or with on, the request is kept and says so", "C7") as check:
        for query in ("", *(f"?enable_logging={word}" for word in _ON)):
            answer = asking.speak("kept", query, is_kept=True)
            is_kept = answer.status == 200 and mode_of(answer) == "default" and "history-item-id" in answer.headers
            check.expect(is_kept, f"{query or 'absent'}: status {answer.status}, mode {mode_of(answer)}")


def _check_ineligible(asking: Asking) -> None:
    """Every product that cannot do without keeping refuses, and every act that is no product."""
    with asking.check("products that keep refuse zero retention before they read", "C4") as check:
        for endpoint in ENDPOINTS:
            if endpoint.method not in _WRITES or endpoint.is_eligible or not _is_asked(asking, endpoint):
                continue
            answer = asking.client.request(endpoint.method, _filled(endpoint) + ZERO_QUERY, b"")
            asking.scene.report.request_count += 1
            is_right = is_refused(answer, 400, _NOT_SUPPORTED, _SWITCH) and mode_of(answer) != "default"
            check.expect(is_right, f"{endpoint.name}: status {answer.status} {problem_of(answer)[0]}")


def _is_asked(asking: Asking, endpoint: Endpoint) -> bool:
    """A server in use is asked only what stores; acts of administration it might carry out if it were broken."""
    if endpoint.product is Product.SERVICE:
        return False
    return endpoint.retention_class in _BOUND or not asking.scene.server.is_in_use


def _filled(endpoint: Endpoint) -> str:
    parts = (_NOWHERE if part.startswith("{") else part for part in endpoint.template.split("/"))
    return "/".join(parts)


def _check_sockets(asking: Asking) -> None:
    path = f"{SPEECH}/stream-input?model_id={MODEL}&output_format=pcm_16000"
    with asking.check("sockets: the mode is fixed at the handshake, and stated", "C6", "C7") as check:
        for word in (*OFF[:2], "0"):
            code, mode, _ = _said(asking, f"{path}&enable_logging={word}", {"text": " "}, {"text": ""})
            check.expect((code, mode) == (1000, "zero"), f"off as {word}: closed with {code}, mode {mode}")
        for later in (True, False, "false"):
            code, mode, _ = _said(asking, f"{path}&enable_logging=false", {"text": " ", _SWITCH: later})
            is_right = (code, mode) == (_POLICY_CLOSE, "zero")
            check.expect(is_right, f"{later!r} in a frame: closed with {code}, mode {mode}")
        for query in ("enable_logging=no", "enable_logging=false&enable_logging=true", "enableLogging=false"):
            code, mode, _ = _said(asking, f"{path}&{query}", {"text": " "}, {"text": ""})
            check.expect(code == _POLICY_CLOSE and mode != "default", f"{query}: closed with {code}, mode {mode}")
    listening = f"{LISTENING}?model_id={LISTENING_MODEL}&audio_format=pcm_16000&enable_logging=false"
    with asking.check("sockets: the first message of one that listens states the mode", "C7") as check:
        _, mode, messages = _said(asking, listening)
        began = json.loads(messages[0])
        check.expect(mode == "zero", f"the handshake says {mode or 'nothing'}")
        check.expect(began.get("message_type") == "session_started", "the first message begins no session")
        check.expect(began.get("config", {}).get(_SWITCH) is False, "the session does not state it")


def _said(asking: Asking, path: str, *messages: object) -> tuple[int, str, list[bytes]]:
    """Say something on a socket; return the code of its close, the mode it stated, and what came."""
    asking.scene.report.request_count += 1
    try:
        opened = asking.client.open_socket(path)
    except SocketRefusedError as refusal:
        return refusal.status, "", []
    opened.say(*(json.dumps(message) for message in messages))
    if messages:
        code = opened.hear_to_the_close()
    else:
        opened.hear_first()
        opened.close()
        code = 1000
    return code, opened.headers.get("x-echoless-retention", ""), opened.messages
