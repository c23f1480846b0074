"""`echoless voices`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.voices import catalogue_id_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICES
from echoless.crossing.operator_records import ListVoiceAliases, SetVoiceAlias, VoiceAliases
from echoless.crossing.query_records import Done
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_all_premade_voices_and_the_mapped_ids_are_listed(run: Run, tmp_path: Path) -> None:
    first = VOICES[0]
    with running_server(tmp_path, {ListVoiceAliases: VoiceAliases({"mine": first.catalogue_id})}):
        lines = run("voices", "list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [*(voice.catalogue_id for voice in VOICES), "mine"]
    assert lines[-1].endswith(f"speaks as {first.catalogue_id}")


def test_a_voice_is_mapped_by_name_or_id(run: Run, tmp_path: Path) -> None:
    first = VOICES[0]
    with running_server(tmp_path, {SetVoiceAlias: Done()}) as door:
        assert run("voices", "alias", "mine", first.name.lower()).exit_code == 0
        assert run("voices", "alias", "mine", "--remove").exit_code == 0
    assert [(question.voice_id, question.catalogue_id) for question in door.asked] == [  # type: ignore[attr-defined]  # both are SetVoiceAlias
        ("mine", first.catalogue_id),
        ("mine", ""),
    ]


@pytest.mark.parametrize("words", [["mine"], ["mine", "Rachel", "--remove"]])
def test_mapping_and_removing_exclude_each_other(run: Run, tmp_path: Path, words: list[str]) -> None:
    with running_server(tmp_path, {}) as door:
        result = run("voices", "alias", *words)
    assert isinstance(result.exception, EcholessError)
    assert door.asked == []


def test_an_unknown_voice_is_refused() -> None:
    assert [catalogue_id_of(voice.catalogue_id) for voice in VOICES] == [voice.catalogue_id for voice in VOICES]
    with pytest.raises(EcholessError) as caught:
        catalogue_id_of("nobody")
    assert caught.value.code is ErrorCode.VOICE_NOT_FOUND
