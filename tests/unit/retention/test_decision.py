"""The decision: strictest wins, and what cannot be honoured is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import ErrorCode
from echoless.retention.decision import (
    NO_TOOL_SERVERS,
    Decision,
    Ineligible,
    Level,
    Refusal,
    RetentionMode,
    Standing,
    Switch,
    decide,
)
from echoless.retention.endpoints import ENDPOINT_BY_NAME, ENDPOINTS, Endpoint, EndpointClass

pytestmark = pytest.mark.unit

SPEECH = ENDPOINT_BY_NAME["POST /v1/text-to-speech/{voice}"]
MUSIC = ENDPOINT_BY_NAME["POST /v1/music"]
HISTORY = ENDPOINT_BY_NAME["GET /v1/history"]

standings = st.builds(
    Standing,
    is_enterprise=st.booleans(),
    is_entitled=st.booleans(),
    is_restricted=st.booleans(),
    is_enforced=st.booleans(),
    key_floor=st.sampled_from(RetentionMode),
    ineligible=st.sampled_from(Ineligible),
    host_is_confined=st.booleans(),
    is_hipaa=st.booleans(),
)
endpoints = st.sampled_from(ENDPOINTS)
switches = st.sampled_from(Switch)


def entitled(**changes: object) -> Standing:
    values: dict[str, object] = {
        "is_enterprise": True,
        "is_entitled": True,
        "is_restricted": False,
        "is_enforced": False,
        "key_floor": RetentionMode.DEFAULT,
        "ineligible": Ineligible.REFUSE,
        "host_is_confined": True,
    }
    return Standing(**(values | changes))  # type: ignore[arg-type]  # a table of booleans and enums


@pytest.mark.claim("Z2")
@given(endpoints, standings)
def test_a_request_that_asks_for_zero_is_never_kept(endpoint: Endpoint, standing: Standing) -> None:
    """C1: on any endpoint through which content passes, `false` ends in ZERO or in a refusal."""
    outcome = decide(endpoint, Switch.LOGGING_OFF, standing)
    if endpoint.is_generation:
        assert isinstance(outcome, Refusal) or outcome.mode is RetentionMode.ZERO


@pytest.mark.claim("Z3")
@given(switches, standings)
def test_no_input_lowers_what_workspace_or_key_demand(switch: Switch, standing: Standing) -> None:
    """C5: where a level above demands zero, no switch leads to a kept generation on an eligible endpoint."""
    outcome = decide(SPEECH, switch, standing)
    if standing.is_enforced or standing.is_hipaa or standing.key_floor is RetentionMode.ZERO:
        assert isinstance(outcome, Refusal) or outcome.mode is RetentionMode.ZERO


@given(endpoints, standings)
@pytest.mark.seed("S23")
def test_logging_on_is_never_stricter_or_laxer_than_silence(endpoint: Endpoint, standing: Standing) -> None:
    """`true` asks for what is the default anyway: it neither lowers a policy nor raises one."""
    assert decide(endpoint, Switch.LOGGING_ON, standing) == decide(endpoint, Switch.ABSENT, standing)


@given(endpoints, switches, standings, st.sampled_from(["is_enforced", "is_hipaa", "key_floor"]))
def test_a_stricter_level_never_turns_zero_into_kept(
    endpoint: Endpoint, switch: Switch, standing: Standing, raised: str
) -> None:
    """C5: raising a level keeps ZERO at ZERO or refuses."""
    before = decide(endpoint, switch, standing)
    changes = {raised: RetentionMode.ZERO if raised == "key_floor" else True}
    stricter = Standing(**{name: getattr(standing, name) for name in Standing.__slots__} | changes)
    after = decide(endpoint, switch, stricter)
    if isinstance(before, Decision) and before.mode is RetentionMode.ZERO:
        assert isinstance(after, Refusal) or after.mode is RetentionMode.ZERO


@given(endpoints, standings)
def test_an_unreadable_switch_is_refused_everywhere(endpoint: Endpoint, standing: Standing) -> None:
    """C2."""
    outcome = decide(endpoint, Switch.UNREADABLE, standing)
    assert isinstance(outcome, Refusal)
    assert outcome.code is ErrorCode.INVALID_PARAMETERS
    assert outcome.param == "enable_logging"


@pytest.mark.claim("Z4")
@given(endpoints, switches, standings)
def test_zero_is_granted_only_to_the_entitled_on_a_confined_host(
    endpoint: Endpoint, switch: Switch, standing: Standing
) -> None:
    """C1, C10: restricted, not entitled and unconfined never get ZERO; they are refused, not downgraded."""
    outcome = decide(endpoint, switch, standing)
    if isinstance(outcome, Decision) and outcome.mode is RetentionMode.ZERO:
        assert standing.is_enterprise
        assert standing.is_entitled
        assert not standing.is_restricted
        assert standing.host_is_confined
        assert endpoint.is_eligible


@given(switches, standings)
def test_reading_is_never_refused_by_policy(switch: Switch, standing: Standing) -> None:
    """Enforcement can always be lifted and kept data be deleted."""
    if switch is not Switch.UNREADABLE:
        assert decide(HISTORY, switch, standing) == Decision(RetentionMode.DEFAULT, Level.NOBODY)


def test_the_order_of_refusals_is_that_of_the_contract() -> None:
    outsider = entitled(is_enterprise=False, is_entitled=False)
    outcomes = [decide(endpoint, Switch.LOGGING_OFF, outsider) for endpoint in (MUSIC, SPEECH)]
    assert [outcome.code for outcome in outcomes if isinstance(outcome, Refusal)] == [
        ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
        ErrorCode.ZERO_RETENTION_NOT_PERMITTED,
    ]


@pytest.mark.parametrize(
    ("standing", "switch", "level"),
    [
        (entitled(), Switch.LOGGING_OFF, Level.REQUEST),
        (entitled(is_enforced=True), Switch.LOGGING_ON, Level.WORKSPACE),
        (entitled(key_floor=RetentionMode.ZERO), Switch.ABSENT, Level.KEY),
        (entitled(is_enforced=True, key_floor=RetentionMode.ZERO), Switch.LOGGING_OFF, Level.WORKSPACE),
    ],
)
def test_the_strictest_level_is_named(standing: Standing, switch: Switch, level: Level) -> None:
    assert decide(SPEECH, switch, standing) == Decision(RetentionMode.ZERO, level)


@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_ON])
def test_allow_lets_only_the_workspace_rule_rest(switch: Switch) -> None:
    """The one exception: ineligible products of an enforced workspace run kept, and say so."""
    allowing = entitled(is_enforced=True, ineligible=Ineligible.ALLOW)
    assert decide(MUSIC, switch, allowing) == Decision(RetentionMode.DEFAULT, Level.WORKSPACE)
    assert isinstance(decide(MUSIC, switch, entitled(is_enforced=True)), Refusal)


def test_allow_never_reaches_past_key_or_request() -> None:
    allowing = entitled(is_enforced=True, ineligible=Ineligible.ALLOW)
    assert isinstance(decide(MUSIC, Switch.LOGGING_OFF, allowing), Refusal)
    floor = entitled(is_enforced=True, ineligible=Ineligible.ALLOW, key_floor=RetentionMode.ZERO)
    assert isinstance(decide(MUSIC, Switch.ABSENT, floor), Refusal)


@pytest.mark.seed("S16")
def test_agents_are_told_where_their_switch_is() -> None:
    create = ENDPOINT_BY_NAME["POST /v1/convai/agents/create"]
    outcome = decide(create, Switch.LOGGING_OFF, entitled())
    assert isinstance(outcome, Refusal)
    assert "privacy.zero_retention_mode" in outcome.message


@pytest.mark.parametrize("standing", [entitled(is_enforced=True), entitled(key_floor=RetentionMode.ZERO)])
@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_ON])
@pytest.mark.seed("S16")
def test_agents_that_a_policy_refuses_are_not_told_of_a_query_that_nobody_sent(
    standing: Standing, switch: Switch
) -> None:
    outcome = decide(ENDPOINT_BY_NAME["POST /v1/convai/agents/create"], switch, standing)
    assert isinstance(outcome, Refusal)
    assert "query" not in outcome.message
    assert outcome.param == "platform_settings.privacy.zero_retention_mode"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
@pytest.mark.seed("S18")
def test_each_row_answers_as_its_class_says(endpoint: Endpoint) -> None:
    """C3, C4: one row of the contract's table each."""
    outcome = decide(endpoint, Switch.LOGGING_OFF, entitled())
    retention_class = endpoint.retention_class
    if retention_class is EndpointClass.HONOURED:
        assert outcome == Decision(RetentionMode.ZERO, Level.REQUEST)
    elif endpoint.method in {"GET", "DELETE"} and retention_class in set("GHMLP"):
        assert outcome == Decision(RetentionMode.DEFAULT, Level.NOBODY)
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.code is ErrorCode.ZERO_RETENTION_NOT_SUPPORTED


@pytest.mark.claim("Z23")
@given(endpoints, switches, standings)
def test_hipaa_is_enforcement_without_an_exception(endpoint: Endpoint, switch: Switch, standing: Standing) -> None:
    """C5, S21: content of such a workspace is kept by no endpoint, whatever `ineligible` says."""
    bound = replace(standing, is_hipaa=True)
    outcome = decide(endpoint, switch, bound)
    if endpoint.is_generation:
        assert isinstance(outcome, Refusal) or outcome.mode is RetentionMode.ZERO
    refusing = replace(standing, is_enforced=True, ineligible=Ineligible.REFUSE)
    assert outcome == decide(endpoint, switch, refusing)


@pytest.mark.claim("Z23")
@pytest.mark.parametrize("standing", [entitled(is_enforced=True), entitled(is_hipaa=True)])
def test_tool_servers_are_refused_to_who_lets_nothing_be_kept(standing: Standing) -> None:
    """C14, S21: making and changing one is refused; showing and deleting one is not."""
    servers = [endpoint for endpoint in ENDPOINTS if "/mcp-servers" in endpoint.template]
    acts = [endpoint for endpoint in servers if endpoint.method not in {"GET", "DELETE"}]
    assert len(acts) == 6
    for endpoint in servers:
        outcome = decide(endpoint, Switch.ABSENT, standing)
        if endpoint in acts:
            assert outcome == NO_TOOL_SERVERS
        else:
            assert isinstance(outcome, Decision)
        assert isinstance(decide(endpoint, Switch.ABSENT, entitled()), Decision)
