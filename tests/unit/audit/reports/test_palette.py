"""Every colour of the page's pictures becomes a variable that the page's style has, light and dark."""

from __future__ import annotations

from dataclasses import astuple, fields
from importlib import resources

import pytest

from echoless.audit.reports.palette import PAGE, PAPER, with_variables

pytestmark = pytest.mark.unit


def test_each_stand_in_becomes_a_variable_of_its_own() -> None:
    drawn = " ".join(astuple(PAGE))
    assert len(set(astuple(PAGE))) == len(fields(PAGE))
    assert with_variables(drawn) == " ".join(f"var(--{color.name})" for color in fields(PAGE))


def test_the_style_has_every_variable_for_light_and_for_dark() -> None:
    style = resources.files("echoless.audit.reports").joinpath("page.css").read_text(encoding="utf-8")
    light, _, dark = style.partition("prefers-color-scheme: dark")
    for color in fields(PAPER):
        assert f"--{color.name}:" in light, color.name
        assert f"--{color.name}:" in dark, color.name
