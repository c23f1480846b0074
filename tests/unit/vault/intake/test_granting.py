"""The decision before the body."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import OpenTicket, Refused
from echoless.retention.decision import Ineligible, Level, RetentionMode, Switch
from echoless.vault.intake.granting import (
    HOST_NOT_STATED,
    Admitted,
    Gatekeeper,
    HostStanding,
    is_counted,
    source_of,
)
from echoless.vault.intake.tokens import SingleUseTokens
from echoless.vault.stores.accounts import Accounts, ApiKey, Workspace
from echoless.vault.stores.keyring import Keyring
from tests.fakes.gateway_double import KEY, TTS, TurnedClock

pytestmark = pytest.mark.unit
MUSIC = "POST /v1/music"
HISTORY = "GET /v1/history"
OFF, ON, ABSENT, BAD = Switch.LOGGING_OFF, Switch.LOGGING_ON, Switch.ABSENT, Switch.UNREADABLE


class Scene:
    """One workspace with one key, and a gatekeeper."""

    def __init__(self, clock: TurnedClock) -> None:
        self.accounts = Accounts(clock)
        self.ring = Keyring(b"m" * 32, b"p" * 32)
        self.host = HostStanding("strict")
        self.tokens = SingleUseTokens(self.ring, clock)
        self.keeper = Gatekeeper(self.accounts, self.ring, clock, self.host, self.tokens)
        self.workspace = Workspace("w", "u", "n", "enterprise", True, 0, 1000)
        self.key = ApiKey("k", "w", "s", "n", "hint", self.ring.digest(KEY), 0)
        self.set()

    def set(self, *, key: dict[str, object] | None = None, **workspace: object) -> None:
        self.workspace = replace(self.workspace, **workspace)  # type: ignore[arg-type]  # keyword tables of tests
        self.key = replace(self.key, **(key or {}))  # type: ignore[arg-type]  # keyword tables of tests
        self.accounts.workspaces["w"] = self.workspace
        self.accounts.put_key(self.key)

    def admit(
        self, name: str = TTS, switch: Switch = ABSENT, key: str = KEY, works: bool = True
    ) -> Admitted | Refused:
        return self.keeper.admit(OpenTicket(name, key, switch), store_works=works)

    def refusal(self, name: str = TTS, switch: Switch = ABSENT, **more: object) -> tuple[str, RetentionMode]:
        answer = self.admit(name, switch, **more)  # type: ignore[arg-type]  # keyword tables of tests
        assert isinstance(answer, Refused)
        assert len(answer.request_id) == 32
        return answer.code, answer.mode

    def mode(self, name: str = TTS, switch: Switch = ABSENT) -> tuple[RetentionMode, Level]:
        answer = self.admit(name, switch)
        assert isinstance(answer, Admitted), answer.code
        return answer.decision.mode, answer.decision.level


@pytest.fixture
def scene(clock: TurnedClock) -> Scene:
    return Scene(clock)


@pytest.mark.claim("Z2")
def test_the_order_of_refusals_is_the_contracts(scene: Scene) -> None:
    """C1, C4: each refusal hides those after it."""
    scene.set(key={"scopes": frozenset({"user_read"})}, tier="free", is_entitled=False, character_limit=0)
    zero = RetentionMode.ZERO
    assert scene.refusal(MUSIC, BAD, key="sk_wrong") == (ErrorCode.INVALID_API_KEY, zero)
    assert scene.refusal(MUSIC, BAD) == (ErrorCode.MISSING_PERMISSIONS, zero)
    scene.set(key={"scopes": None})
    assert scene.refusal(MUSIC, BAD) == (ErrorCode.INVALID_PARAMETERS, zero)
    assert scene.refusal(MUSIC, OFF) == (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, zero)
    assert scene.refusal(TTS, OFF) == (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, zero)
    scene.set(tier="enterprise", is_entitled=True)
    assert scene.refusal(TTS, OFF, works=False) == (ErrorCode.ENGINE_UNAVAILABLE, zero)
    assert scene.refusal(TTS, OFF) == (ErrorCode.QUOTA_EXCEEDED, zero)
    scene.set(character_limit=1)
    assert scene.mode(TTS, OFF) == (zero, Level.REQUEST)


@pytest.mark.claim("Z3")
def test_the_strictest_of_workspace_key_and_request_wins(scene: Scene) -> None:
    """C5."""
    assert scene.mode(TTS, ABSENT) == scene.mode(TTS, ON) == (RetentionMode.DEFAULT, Level.NOBODY)
    assert scene.mode(TTS, OFF) == (RetentionMode.ZERO, Level.REQUEST)
    scene.set(key={"retention": RetentionMode.ZERO})
    assert scene.mode(TTS, ON) == (RetentionMode.ZERO, Level.KEY)
    scene.set(is_enforced=True)
    assert scene.mode(TTS, ON) == (RetentionMode.ZERO, Level.WORKSPACE)
    assert scene.mode(HISTORY, OFF) == (RetentionMode.DEFAULT, Level.NOBODY)


@pytest.mark.claim("Z3")
def test_ineligible_products_of_an_enforced_workspace_are_refused_unless_allowed(scene: Scene) -> None:
    """C4, and the one exception, which says so by its level."""
    scene.set(is_enforced=True)
    assert scene.refusal(MUSIC) == (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, RetentionMode.ZERO)
    scene.set(ineligible=Ineligible.ALLOW)
    assert scene.mode(MUSIC) == (RetentionMode.DEFAULT, Level.WORKSPACE)
    assert scene.refusal(MUSIC, OFF) == (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, RetentionMode.ZERO)


@pytest.mark.claim("Z4")
@pytest.mark.parametrize("change", [{"tier": "business"}, {"is_entitled": False}, {"is_restricted": True}])
@pytest.mark.seed("S5")
def test_zero_needs_an_entitled_unrestricted_enterprise_workspace(scene: Scene, change: dict[str, object]) -> None:
    """C1, C10: refused, never run with retention instead; requests without the switch still run."""
    scene.set(**change)
    assert scene.refusal(TTS, OFF) == (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, RetentionMode.ZERO)
    assert scene.mode(TTS, ABSENT)[0] is RetentionMode.DEFAULT


@pytest.mark.claim("Z16")
def test_zero_needs_a_confined_host_or_the_operators_explicit_word(scene: Scene) -> None:
    """C35: a property that any process lacks refuses zero-retention work."""
    scene.host.missing = frozenset({"swap_on"})
    assert scene.refusal(TTS, OFF) == (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, RetentionMode.ZERO)
    assert scene.mode(TTS, ABSENT)[0] is RetentionMode.DEFAULT
    scene.host.assurance = "best_effort"
    assert scene.mode(TTS, OFF)[0] is RetentionMode.ZERO


@pytest.mark.claim("Z16")
def test_while_the_server_starts_zero_is_refused_for_a_moment_and_not_for_good(scene: Scene) -> None:
    for missing in (HOST_NOT_STATED, "starting"):
        scene.host.missing = frozenset({missing})
        answer = scene.admit(TTS, OFF)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.mode, answer.retry_after_s) == ("engine_unavailable", RetentionMode.ZERO, 1)
    scene.host.missing = frozenset({"starting", "swap_on"})
    assert scene.refusal(TTS, OFF) == (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, RetentionMode.ZERO)
    scene.host.missing = frozenset({"starting"})
    assert scene.mode(TTS, ABSENT)[0] is RetentionMode.DEFAULT
    scene.host.assurance = "best_effort"
    assert scene.mode(TTS, OFF)[0] is RetentionMode.ZERO


def test_reading_needs_neither_quota_nor_a_store_that_can_write(scene: Scene) -> None:
    scene.set(character_limit=0)
    assert isinstance(scene.admit(HISTORY, works=False), Admitted)


def test_a_key_has_its_own_limit_of_characters(scene: Scene) -> None:
    scene.set(key={"character_limit": 5})
    assert scene.keeper.quota_refusal(scene.workspace, scene.key, 5, RetentionMode.DEFAULT) is None
    refused = scene.keeper.quota_refusal(scene.workspace, scene.key, 6, RetentionMode.DEFAULT)
    assert refused is not None
    assert refused.code == ErrorCode.QUOTA_EXCEEDED
    scene.accounts.meter("k").character_count = 5
    assert scene.refusal(TTS)[0] == ErrorCode.QUOTA_EXCEEDED


def test_an_endpoint_that_does_not_exist_breaks_the_link(scene: Scene) -> None:
    with pytest.raises(EcholessError) as caught:
        scene.admit("POST /v1/whatever a gateway made up")
    assert caught.value.code is ErrorCode.CROSSING_BROKEN
    assert "made up" not in caught.value.public_description


def test_only_what_makes_something_counts_and_has_a_source(scene: Scene) -> None:
    admitted = {name: scene.admit(name) for name in (TTS, HISTORY, "POST /v1/speech-to-speech/{voice}", MUSIC)}
    found = {name: answer.endpoint for name, answer in admitted.items() if isinstance(answer, Admitted)}
    assert {name: (is_counted(endpoint), source_of(endpoint)) for name, endpoint in found.items()} == {
        TTS: (True, "TTS"), HISTORY: (False, ""), MUSIC: (False, ""),
        "POST /v1/speech-to-speech/{voice}": (True, "STS"),
    }  # fmt: skip


def test_more_requests_a_minute_than_allowed_are_told_when_to_come_again(clock: TurnedClock) -> None:
    scene = Scene(clock)
    scene.keeper = Gatekeeper(
        scene.accounts, scene.ring, clock, scene.host, scene.tokens, requests_per_minute_max=1
    )
    admitted = scene.admit(TTS, OFF)
    assert isinstance(admitted, Admitted)
    assert scene.keeper.too_fast(admitted) is None
    refused = scene.keeper.too_fast(admitted)
    assert refused is not None
    assert (refused.code, refused.mode) == (ErrorCode.RATE_LIMIT_EXCEEDED, RetentionMode.ZERO)
    assert refused.retry_after_s == 60
    clock.turn(60)
    assert scene.keeper.too_fast(admitted) is None
