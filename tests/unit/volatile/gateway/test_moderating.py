"""The check of texts: before any engine, in both modes, and with zero retention in words of closed sets only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.control import ModerationRules
from echoless.crossing.egress_client import EgressLinks
from echoless.crossing.moderation_records import NoteVerdict
from echoless.crossing.records import CloseStatus
from echoless.crossing.remote_client import RemotePool
from echoless.volatile.gateway.moderating import Judge, Moderation, moderation_of
from echoless.volatile.speech.moderation import ModelPolicy
from echoless.volatile.speech.moderation_rules import Read, Rule, RuleBook
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_media import FakeMedia, word
from tests.fakes.form_body import HEADERS, form, part
from tests.fakes.gateway import VOICE_ID, Gateway, running_gateway
from tests.fakes.outside import Said, Script
from tests.fakes.remotes import NAME, Upstream, upstream
from tests.fakes.socket_gateway import PATH as SOCKET
from tests.fakes.socket_gateway import socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

PATH = f"/v1/text-to-speech/{VOICE_ID}"
DIALOGUE = "/v1/text-to-dialogue"
END = {"close_socket": True}
RULES = Moderation(
    RuleBook(
        [
            Rule(Category.FRAUD, Severity.FLAGGED, Action.PASSED, ("one time code",)),
            Rule(Category.ILLICIT, Severity.SEVERE, Action.REFUSED, ("pipe bomb",)),
            Rule(
                Category.VIOLENCE, Severity.FLAGGED, Action.REFUSED, ("kill them all",),
                frozenset({Read.TRANSCRIPTS}),
            ),
        ]
    )
)  # fmt: skip
NOTED = NoteVerdict(Category.FRAUD, Severity.FLAGGED, Action.PASSED)
REFUSED = NoteVerdict(Category.ILLICIT, Severity.SEVERE, Action.REFUSED)


def dialogue(*texts: str) -> dict[str, object]:
    return {"model_id": "eleven_v3", "inputs": [{"text": text, "voice_id": VOICE_ID} for text in texts]}


async def test_a_text_without_fault_is_told_of_to_nobody() -> None:
    async with running_gateway(moderation=RULES) as gateway:
        assert (await gateway.ask("POST", PATH, {"text": "Good morning."})).status == 200
        assert (gateway.vault.last.verdicts, gateway.vault.last.moderation) == ([], [])


@pytest.mark.claim("Z24")
async def test_with_zero_retention_words_of_closed_sets_are_all_that_crosses() -> None:
    async with running_gateway(moderation=RULES) as gateway:
        text = "Read me the one time code, Mr Canary."
        assert (await gateway.ask("POST", f"{PATH}?enable_logging=false", {"text": text})).status == 200
        kept = gateway.vault.last
        assert kept.verdicts == [NOTED]
        assert not any(question.IS_CONTENT for question in gateway.vault.questions)


async def test_a_kept_request_hands_over_an_excerpt() -> None:
    async with running_gateway(moderation=RULES) as gateway:
        assert (await gateway.ask("POST", PATH, {"text": "Read me the one time code."})).status == 200
        (found,) = gateway.vault.last.moderation
        assert found.action is Action.PASSED
        assert [(one.category, one.severity, one.excerpts) for one in found.findings] == [
            (Category.FRAUD, Severity.FLAGGED, ["Read me the one time code."])
        ]
        assert gateway.vault.last.verdicts == [NOTED]


@pytest.mark.claim("Z24")
@pytest.mark.parametrize("query", ["", "?enable_logging=false"])
async def test_a_refused_text_reaches_no_engine_and_costs_nothing(query: str) -> None:
    """The refusal is a policy's: never one that clients would send again, and its text comes back nowhere."""
    async with running_gateway(moderation=RULES) as gateway:
        for path, body in (
            (PATH, {"text": "a pipe bomb"}), (DIALOGUE, dialogue("Hello.", "a pipe bomb")),
            (DIALOGUE, dialogue("a pipe", "bomb")),
        ):  # fmt: skip
            reply = await gateway.ask("POST", path + query, body)
            assert (reply.status, reply.code) == (400, "content_against_policy")
            assert b"bomb" not in reply.body
            kept = gateway.vault.last
            assert kept.verdicts == [REFUSED]
            assert (kept.reserved, kept.text, bytes(kept.audio)) == (None, None, b"")
            assert kept.closed is not None
            assert (kept.closed.status, kept.closed.error_code) == (CloseStatus.REFUSED, "content_against_policy")
            assert len(kept.moderation) == (0 if query else 1)
        assert gateway.engine.jobs == []


async def test_openais_way_is_checked_too() -> None:
    async with running_gateway(moderation=RULES) as gateway:
        body = {"model": "tts-1", "voice": "alloy", "input": "a pipe bomb"}
        assert (await gateway.ask("POST", "/v1/audio/speech", body)).status == 400
        assert gateway.engine.jobs == []


async def test_a_check_that_is_switched_off_checks_nothing() -> None:
    off = moderation_of(None, "", RemotePool(EgressLinks()), MemoryJournal())
    async with running_gateway(moderation=off) as gateway:
        assert (await gateway.ask("POST", PATH, {"text": "a pipe bomb"})).status == 200
        assert gateway.vault.last.verdicts == []


async def test_the_operators_rules_take_the_place_of_the_servers() -> None:
    text = '[[rules]]\ncategory = "other"\nseverity = "low"\nphrases = ["custard"]\n'
    made = moderation_of(ModerationRules(rules_path="/rules"), text, RemotePool(EgressLinks()), MemoryJournal())
    async with running_gateway(moderation=made) as gateway:
        await gateway.ask("POST", PATH, {"text": "Custard! How to build a pipe bomb."})
        assert gateway.vault.last.verdicts == [NoteVerdict(Category.OTHER, Severity.LOW, Action.PASSED)]


# --- sockets ---------------------------------------------------------------------------------------------------


@pytest.mark.claim("Z24")
@pytest.mark.parametrize("query", ["", "?enable_logging=false"])
async def test_a_socket_is_refused_at_the_words_that_are_refused_also_across_messages(query: str) -> None:
    async with socket_gateway(moderation=RULES) as gateway:
        heard = await gateway.talk(
            f"{SOCKET}/stream-input{query}", {"text": " "}, {"text": "Here is a pipe ", "flush": True},
            {"text": "bomb for you. ", "flush": True}, {"text": ""},
        )  # fmt: skip
        assert (heard.close_code, heard.messages[-1]["error"]) == (1008, "content_against_policy")
        assert gateway.vault.last.verdicts == [REFUSED]
        assert [more.text for stream in gateway.engine.streams for more in stream.texts] == ["Here is a pipe "]
        assert len(gateway.vault.last.moderation) == (0 if query else 1)


async def test_each_context_of_a_socket_is_read_by_itself() -> None:
    async with socket_gateway(moderation=RULES) as gateway:
        heard = await gateway.talk(
            f"{SOCKET}/multi-stream-input", {"text": " ", "context_id": "a"}, {"text": " ", "context_id": "b"},
            {"text": "a pipe ", "context_id": "a", "flush": True},
            {"text": "bomb ", "context_id": "b", "flush": True}, END,
        )  # fmt: skip
        assert heard.close_code == 1000
        assert [kept.verdicts for kept in gateway.vault.tickets.values()] == [[], [], []]


async def test_a_dialogues_socket_is_checked_turn_by_turn() -> None:
    async with socket_gateway(moderation=RULES) as gateway:
        said = {"inputs": [{"text": "Good morning.", "voice_id": VOICE_ID}]}
        bad = {"inputs": [{"text": "A pipe bomb.", "voice_id": VOICE_ID, "new_turn": True}]}
        heard = await gateway.talk(f"{DIALOGUE}/stream-input", {"voices": [VOICE_ID]}, said, bad, END)
        assert (heard.close_code, heard.messages[-1]["error"]) == (1008, "content_against_policy")
        assert gateway.vault.last.verdicts == [REFUSED]
        assert "bomb" not in "".join(more.text for stream in gateway.engine.streams for more in stream.texts)


# --- transcripts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?enable_logging=false"])
async def test_a_transcript_is_noted_and_never_held_back(query: str) -> None:
    """Whoever is heard need not be whoever asked."""
    media = FakeMedia()
    media.channels = [[word("Kill ", 0, 1), word("them ", 1, 2), word("all, one time code, pipe bomb", 2, 3)]]
    async with running_gateway(media=media, moderation=RULES) as gateway:
        body = form(part("model_id", "scribe_v1"), part("file", bytes(1000), "f"))
        reply = await gateway.ask("POST", f"/v1/speech-to-text{query}", body, headers=HEADERS)
        assert reply.status == 200
        assert gateway.vault.last.verdicts == [NoteVerdict(Category.VIOLENCE, Severity.FLAGGED, Action.PASSED)]
        assert len(gateway.vault.last.moderation) == (0 if query else 1)


# --- a model behind a remote -----------------------------------------------------------------------------------


FLAGGED = json.dumps({"results": [{"flagged": True, "categories": {"hate": True}}]}).encode()
CLEAN = json.dumps({"results": [{"flagged": False, "categories": {}}]}).encode()


@asynccontextmanager
async def judged(
    script: Script,
    *,
    is_zero_declared: bool = True,
    refuses: bool = True,
    timeout_s: float = 5.0,
    journal: MemoryJournal | None = None,
) -> AsyncIterator[tuple[Gateway, Upstream]]:
    async with upstream("openai", script, is_zero_declared=is_zero_declared) as remote:
        policy = ModelPolicy(frozenset({Category.HATE}))
        judge = Judge(remote.pool, NAME, "omni", timeout_s, policy, refuses, journal or MemoryJournal())
        async with running_gateway(FakeEngine(b"audio"), moderation=Moderation(RULES.book, judge)) as gateway:
            yield gateway, remote


async def test_a_models_flag_refuses_where_the_operator_said_so() -> None:
    async with judged(lambda _asked: Said(body=FLAGGED)) as (gateway, remote):
        reply = await gateway.ask("POST", f"{PATH}?enable_logging=false", {"text": "Something."})
        assert (reply.status, reply.code) == (400, "content_against_policy")
        assert gateway.vault.last.verdicts == [NoteVerdict(Category.HATE, Severity.FLAGGED, Action.REFUSED)]
        assert json.loads(remote.outside.asked[0].body)["input"] == "Something."
        assert gateway.engine.jobs == []


async def test_what_rules_refuse_no_model_is_asked_about() -> None:
    async with judged(lambda _asked: Said(body=CLEAN)) as (gateway, remote):
        assert (await gateway.ask("POST", PATH, {"text": "a pipe bomb"})).status == 400
        assert remote.outside.asked == []


@pytest.mark.claim("Z24")
async def test_a_model_that_has_not_declared_zero_retention_sees_kept_texts_only() -> None:
    async with judged(lambda _asked: Said(body=CLEAN), is_zero_declared=False) as (gateway, remote):
        zero = await gateway.ask("POST", f"{PATH}?enable_logging=false", {"text": "One time code."})
        assert zero.status == 200
        assert gateway.vault.last.verdicts == [NOTED], "the rules are asked all the same"
        assert remote.outside.asked == []
        assert (await gateway.ask("POST", PATH, {"text": "Kept."})).status == 200
        assert [json.loads(asked.body)["input"] for asked in remote.outside.asked] == ["Kept."]


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_model_that_fails_refuses_or_lets_pass_as_the_operator_said(refuses: bool) -> None:
    journal = MemoryJournal()
    async with judged(lambda _asked: Said(500), refuses=refuses, journal=journal) as (gateway, _):
        reply = await gateway.ask("POST", PATH, {"text": "Something."})
        assert reply.status == (503 if refuses else 200)
        assert gateway.vault.last.verdicts == []
        assert len(gateway.engine.jobs) == (0 if refuses else 1)
    # Whoever lets texts pass unjudged can see that it happens, and nothing of them.
    assert journal.events == [(Event.TEXT_UNJUDGED, {"name": NAME})]


async def test_a_model_that_is_silent_is_not_waited_for() -> None:
    async with judged(lambda _asked: Said(body=CLEAN), timeout_s=1e-9) as (gateway, _):
        async with asyncio.timeout(5):
            assert (await gateway.ask("POST", PATH, {"text": "Something."})).status == 503


async def test_who_is_to_be_checked_cannot_be_noted_by_mistake() -> None:
    async with running_gateway(moderation=RULES) as gateway:
        await gateway.ask("POST", PATH, {"text": "a"})
        ticket = next(iter(gateway.vault.tickets))

        class Port:
            grant = type("Grant", (), {"ticket_id": ticket})()

        review = RULES.review(Port())  # type: ignore[arg-type]  # never asked for anything
        with pytest.raises(AssertionError):
            review.note(TextContent("x"))


def test_a_file_that_has_no_rules_is_no_check() -> None:
    with pytest.raises(EcholessError) as caught:
        moderation_of(ModerationRules(), "rules = []", RemotePool(EgressLinks()), MemoryJournal())
    assert caught.value.code is ErrorCode.CONFIGURATION
