"""The server against its own OpenAPI document: whatever the document allows or forbids, nothing fails on our side.

Schemathesis makes the same requests each time: so many for each operation that fit the document, and so many that
may not. Their number is fixed and not the time that they take, so a slow machine proves as much as a fast one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fakes.raw_client import SPEECH, VOICE, open_generations
from tests.fakes.running_server import TEST_KEY, RunningServer, running_server
from tests.soak.storm import FLAGS

pytestmark = pytest.mark.api

REACHED = "POST /v1/text-to-speech/{voice}"
# For each operation; hypothesis makes less where there is less to be asked.
FITTING = (schemathesis.GenerationMode.POSITIVE,)
# Both, because for some operations there is no request that does not fit.
MIXED = (*FITTING, schemathesis.GenerationMode.NEGATIVE)
EXAMPLES = {FITTING: 3, MIXED: 5}
TIMEOUT_S = 20.0
ALARMS = ("unexpected_error", "frame_refused", "content_refused", "process_exited", "process_replaced")
# A JSON object a line, which the wire contract labels as if it were one document.
LINES_OF_JSON = "/v1/text-to-speech/{voice}/stream/with-timestamps"
# It would end the key that all other requests use.
LEFT_OUT = {"/v1/workspaces/api-keys/disable"}
# Made up requests have no password, no mailed code and no session, so these can only refuse them.
FOR_MEMBERS = re.compile(
    r"/v1/workspace/(login|logout|sessions|password|sign-on|invites/accept|members/|groups/\{|deletion)"
)


@dataclass(slots=True)
class Campaign:
    """What was asked, and what came back."""

    statuses: dict[str, dict[int, int]] = field(default_factory=dict)

    def count(self, name: str, status: int) -> None:
        found = self.statuses.setdefault(name, {})
        found[status] = found.get(status, 0) + 1


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own: these requests change settings, keys and history."""
    hearing = {"ECHOLESS_MEDIA_ENGINE": "null", "ECHOLESS_MEDIA_ENGINES": "1"}
    with running_server(tmp_path_factory.mktemp("asked"), *FLAGS, variables=hearing) as server:
        yield server


def operations(server: RunningServer) -> list[APIOperation]:
    """The operations of the document as the server gives it, those that delete after all others."""
    status, _, document = server.request("GET", "/openapi.json")
    assert status == 200
    schema = schemathesis.openapi.from_dict(json.loads(document))
    schema.config.update(base_url=server.base_url)
    found = [result.ok() for result in schema.get_all_operations()]
    asked = [operation for operation in found if operation.path not in LEFT_OUT]
    return sorted(asked, key=lambda operation: operation.method.upper() == "DELETE")


def real_ids(server: RunningServer) -> dict[str, str]:
    """Ids that exist by their names in the document's paths, so that requests get further than to a 404."""

    def made(path: str, body: object) -> dict[str, str]:
        status, headers, answer = server.request("POST", path, body)
        assert status == 200, (path, answer)
        return headers if path == SPEECH else json.loads(answer)

    def spoken(text: str) -> dict[str, str]:
        return made(SPEECH, {"text": text})

    kept, gone = spoken("Here to be asked for."), spoken("Here to be deleted.")
    rule = {"type": "alias", "string_to_replace": "a", "alias": "b"}
    dictionary = made("/v1/pronunciation-dictionaries/add-from-rules", {"name": "Asked for", "rules": [rule]})
    account = made("/v1/service-accounts", {"name": "Asked for"})["service-account-user-id"]
    key = {"name": "Asked for", "permissions": "all"}
    hook = {"auth_type": "hmac", "name": "Asked for", "webhook_url": "https://example.com/asked"}
    return {
        "voice": VOICE,
        "item": kept["history-item-id"],
        "request": kept["request-id"],
        "job": made("/v1/history/deletions", {"history_item_ids": [gone["history-item-id"]]})["deletion_id"],
        "dict": dictionary["id"],
        "ver": dictionary["version_id"],
        "sa": account,
        "key": made(f"/v1/service-accounts/{account}/api-keys", key)["key_id"],
        "group": made("/v1/workspace/groups", {"name": "Asked for"})["id"],
        "hook": made("/v1/workspace/webhooks", {"settings": hook})["webhook_id"],
    }


def run_operation(
    operation: APIOperation,
    modes: tuple[schemathesis.GenerationMode, ...],
    ids: dict[str, str],
    session: requests.Session,
    campaign: Campaign,
) -> None:
    """Ask an operation as often as its modes say; where all requests fit, they ask for what exists.

    raises: what the checks raise: a 5xx, or an answer that the document does not describe
    """
    checks = [not_a_server_error, status_code_conformance, content_type_conformance]
    if operation.path != LINES_OF_JSON:
        checks.append(response_schema_conformance)
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @settings(
        max_examples=EXAMPLES[modes],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, has_real_id=st.booleans())
    def ask(case: schemathesis.Case, has_real_id: bool) -> None:
        if has_real_id or modes == FITTING:
            case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
        case.headers = {**(case.headers or {}), "xi-api-key": TEST_KEY}
        response = case.call(session=session, timeout=TIMEOUT_S)
        campaign.count(operation.label, response.status_code)
        case.validate_response(response, checks=checks)

    ask()


def test_nothing_that_the_document_allows_or_forbids_makes_the_server_fail(asked: RunningServer) -> None:
    campaign = Campaign()
    ids = real_ids(asked)
    all_operations = operations(asked)
    with requests.Session() as session:
        for operation in all_operations:
            run_operation(operation, FITTING, ids, session, campaign)
            run_operation(operation, MIXED, ids, session, campaign)
    assert len(campaign.statuses) == len(all_operations) >= 25
    reached = {label for label, statuses in campaign.statuses.items() if 200 in statuses}
    assert REACHED in reached
    for_all = [one for one in all_operations if FOR_MEMBERS.search(one.label) is None]
    assert len(reached) > len(for_all) / 3, campaign.statuses
    assert not [line for line in asked.output().splitlines() if any(f'"{alarm}"' in line for alarm in ALARMS)]
    assert open_generations(asked.base_url, asked.api_key) == 0
