"""`echoless history`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.log_records import DeleteMany, DeletionProgress, GetDeletionProgress
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
DELETE = ("history", "delete", "--workspace", "ws1")
DONE = DeletionProgress("j1", is_done=True, deleted_count=7, total_count=7)
RUNNING = DeletionProgress("j1", is_done=False, deleted_count=2, total_count=7)


def test_a_long_deletion_is_watched_until_it_is_done(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {DeleteMany: RUNNING, GetDeletionProgress: DONE}) as door:
        result = run(*DELETE, "--every-item", "--yes")
    assert result.exit_code == 0
    assert result.stdout == "7 of 7 items deleted\n"
    assert door.asked == [DeleteMany(workspace_id="ws1"), GetDeletionProgress("j1", "ws1")]


def test_items_and_filters_are_handed_on(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {DeleteMany: DONE}) as door:
        assert run(*DELETE, "--item", "a", "--item", "b", "--yes").exit_code == 0
        assert run(*DELETE, "--older-than-days", "2", "--voice", "v", "--source", "TTS", "--yes").exit_code == 0
    named, filtered = door.asked
    assert named == DeleteMany(["a", "b"], workspace_id="ws1")
    assert isinstance(filtered, DeleteMany)
    assert (filtered.voice_id, filtered.source) == ("v", "TTS")
    assert abs(filtered.before_unix - (time.time() - 2 * 86_400)) < 60


@pytest.mark.parametrize(
    "words",
    [
        ["--yes"],
        ["--every-item"],
        ["--every-item", "--voice", "v", "--yes"],
        ["--item", "a", "--older-than-days", "1", "--yes"],
    ],
)
def test_nothing_is_deleted_by_a_word_too_few_or_too_many(run: Run, tmp_path: Path, words: list[str]) -> None:
    with running_server(tmp_path, {DeleteMany: DONE}) as door:
        result = run(*DELETE, *words)
    assert isinstance(result.exception, EcholessError)
    assert door.asked == []
