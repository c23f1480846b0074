"""What the commands show."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.screen import complain, day_of, harmless, show_line, show_note, show_table
from echoless.core.errors import EcholessError, ErrorCode

pytestmark = pytest.mark.unit


def test_other_programs_get_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("a", "b"), [(1, "[red]two[/red]"), ("x" * 300, "")])
    assert capsys.readouterr().out == "1\t[red]two[/red]\n" + "x" * 300 + "\t\n"


def test_a_person_gets_a_table_with_headings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_table(("first", "second"), [("[bold]", "two")])
    shown = capsys.readouterr().out
    assert "first" in shown
    assert "[bold]" in shown


def test_notes_and_complaints_leave_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show_note("a note")
    complain(EcholessError(ErrorCode.CONFIGURATION, "a [complaint]"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "a note\nerror: a [complaint]\n"


def test_a_line_is_there_at_once_for_a_program_that_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("w", buffering=8192) as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        show_line("a look")
        assert (tmp_path / "pipe").read_text() == "a look\n"


def test_days_are_in_utc() -> None:
    assert day_of(0) == "1970-01-01 00:00"


def test_what_others_wrote_moves_no_cursor_and_makes_no_row_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("a", "b"), [("one\nThe signature holds.", "\x1b[2Ktwo\t\u202e\ud800")])
    assert capsys.readouterr().out == "one\\nThe signature holds.\t\\x1b[2Ktwo\\t\\u202e\\ud800\n"
    assert harmless("an entry with é and 人") == "an entry with é and 人"
