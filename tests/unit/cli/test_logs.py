"""`echoless logs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.cli.logs import entry_cells
from echoless.core.errors import EcholessError
from echoless.crossing.log_records import FindingView, LogEntryView, LogPage, ReadLog
from echoless.crossing.records import Refused
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
WORDS = ("--workspace", "ws1", "--reason", "ticket 4711")


def entry(sequence: int = 9, text: str = "What was said.", **changes: object) -> LogEntryView:
    usual: dict[str, object] = {
        "sequence": sequence, "time_ms": 1_700_000_000_123, "request_id": "r1", "item_id": "i1",
        "code": "internal_error", "endpoint": "POST /v1/text-to-speech/{voice}", "key_id": "k", "model_id": "m",
        "voice_id": "v", "parameters": {"seed": 7, "settings.speed": 1.5}, "text": text, "dialogue": [],
        "previous_text": None, "next_text": None, "transcript": "", "is_cut": False, "findings": [],
    }  # fmt: skip
    return LogEntryView(**(usual | changes))


def test_a_person_gets_a_table_and_another_program_json(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {ReadLog: LogPage([entry()], has_more=False)}) as door:
        table = run("logs", "debug", *WORDS)
        lines = run("logs", "debug", *WORDS, "--json", "--request", "r1", "--count", "5")
    assert table.stdout == (
        "2023-11-14 22:13:20\tr1\tPOST /v1/text-to-speech/{voice}\tm\tinternal_error\tWhat was said.\n"
    )
    assert "audit trail" in table.stderr
    assert json.loads(lines.stdout)["parameters"] == {"seed": 7, "settings.speed": 1.5}
    assert door.asked == [
        ReadLog("debug", "ws1", "ticket 4711", 100),
        ReadLog("debug", "ws1", "ticket 4711", 5, request_id="r1"),
    ]


def test_findings_of_the_moderation_log_are_shown(run: Run, tmp_path: Path) -> None:
    found = entry(text="", findings=[FindingView("violence", "high", ["an excerpt"])])
    with running_server(tmp_path, {ReadLog: LogPage([found], has_more=False)}) as door:
        table = run("logs", "moderation", *WORDS).stdout
        (line,) = run("logs", "moderation", *WORDS, "--json").stdout.splitlines()
    assert "violence (high): an excerpt" in table
    assert json.loads(line)["findings"] == [
        {"category": "violence", "severity": "high", "excerpts": ["an excerpt"]}
    ]
    assert isinstance(door.asked[0], ReadLog)
    assert door.asked[0].log == "moderation"


def test_pages_are_read_until_there_are_enough(run: Run, tmp_path: Path) -> None:
    page = LogPage([entry(sequence) for sequence in range(200, 0, -1)], has_more=True)
    with running_server(tmp_path, {ReadLog: page}) as door:
        lines = run("logs", "debug", *WORDS, "--count", "400", "--json").stdout.splitlines()
    assert len(lines) == 400
    assert [question.before_sequence for question in door.asked if isinstance(question, ReadLog)] == [0, 1]


@pytest.mark.parametrize("words", [("--workspace", "ws1"), ("--reason", "because")])
def test_neither_workspace_nor_reason_may_be_missing(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    with running_server(tmp_path, {}) as door:
        assert run("logs", "debug", *words).exit_code == 2
    assert door.asked == []


def test_a_refused_reason_is_an_error_and_shows_nothing(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {ReadLog: Refused("invalid_parameters", "a reason is needed")}):
        result = run("logs", "debug", "--workspace", "ws1", "--reason", " ")
    assert isinstance(result.exception, EcholessError)
    assert result.stdout == ""


def test_what_a_client_wrote_does_not_steer_the_operators_terminal() -> None:
    cells = entry_cells(entry(text="\x1b[2J\x1b]0;title\x07a\tb\nc\u202ed" + "x" * 100))
    assert len(cells[-1]) == 60
    assert cells[-1].startswith("·[2J·]0;title·a·b·c·d")
    assert all(character.isprintable() for character in "".join(cells))
