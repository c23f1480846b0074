"""Dictionaries: used in both modes; a file that is not taken has canaries in every place of its form."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Form, Planting
from echoless.audit.plantings.pronunciation_dictionaries import dictionary_plantings

pytestmark = pytest.mark.unit


@pytest.fixture
def plantings(mint: CanaryMint, ground: Groundwork) -> list[Planting]:
    return list(dictionary_plantings(mint, ground, kept_too=True))


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_request_of_each_mode_uses_the_dictionary(plantings: list[Planting], is_kept: bool) -> None:
    (used,) = (p for p in plantings if p.text is not None and p.is_kept is is_kept)
    assert isinstance(used.body, dict)
    assert used.body["pronunciation_dictionary_locators"] == [
        {"pronunciation_dictionary_id": "the-dictionary", "version_id": "the-version"}
    ]


def test_a_refused_file_has_a_canary_in_every_place_of_its_form(plantings: list[Planting]) -> None:
    forms = [p.body for p in plantings if isinstance(p.body, Form)]
    assert len(forms) == 2
    for form in forms:
        (file,) = (part for part in form.parts if part.file_name)
        (field,) = (part for part in form.parts if part.name not in {"file", "name", "description"})
        places = [form.boundary, file.file_name, file.media_type, *file.headers, *file.headers.values()]
        places += [field.name, field.value.decode(), file.value.decode()]
        assert len(set(places)) == len(places)
