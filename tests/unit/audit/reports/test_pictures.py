"""Pictures show what the report says: every place, every control, and nothing where there is nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from echoless.audit.reports.palette import PAGE
from echoless.audit.reports.pictures import PICTURES, Place, as_png, as_svg, places_of
from echoless.audit.reports.report import AuditReport, PlantedPlace, Searched
from tests.unit.audit.reports.samples import sample

pytestmark = pytest.mark.unit
BY_NAME = {picture.name: picture for picture in PICTURES}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_each_is_one_element_without_anything_from_elsewhere(picture: object) -> None:
    svg = as_svg(BY_NAME[picture.name], sample(is_failed=True))  # type: ignore[attr-defined]  # from PICTURES
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-label"]
    assert "<script" not in svg
    assert "<image" not in svg
    links = re.findall(r'href="([^"]*)"|url\(([^)]*)\)', svg)
    assert all(target.startswith("#") for pair in links for target in pair if target)
    assert not re.search(r"#0101\d\d", svg), "a stand-in was left that is no colour of the page"
    assert PAGE.ink not in svg


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_where_there_is_nothing_there_is_no_picture(picture: object) -> None:
    assert as_svg(BY_NAME[picture.name], AuditReport()) == ""  # type: ignore[attr-defined]  # from PICTURES
    assert as_png(BY_NAME[picture.name], AuditReport()) == b""  # type: ignore[attr-defined]  # from PICTURES


def test_ids_of_two_pictures_never_meet() -> None:
    drawn = [as_svg(picture, sample()) for picture in PICTURES]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in drawn]
    assert sum(map(len, ids)) == len(set().union(*ids))


def test_a_control_that_was_not_found_is_drawn_in_words_and_in_the_colour_of_alarm() -> None:
    svg = as_svg(BY_NAME["controls"], sample(is_failed=True))
    assert svg.count("found, as it must be") == 1
    assert "NOT FOUND: the search is broken" in svg
    assert "var(--zero)" in svg
    assert "var(--zero)" not in as_svg(BY_NAME["controls"], sample())


def test_a_place_that_was_not_searched_has_no_zero() -> None:
    report = sample()
    searched = as_svg(BY_NAME["copies"], report)
    report.searched.append(Searched("free blocks", "free blocks", 0, 0, 0, 0, 0.1))
    svg = as_svg(BY_NAME["copies"], report)
    assert (searched.count("nothing searched"), svg.count("nothing searched")) == (0, 1)


def test_places_are_counted_once_and_memory_by_kind_of_process() -> None:
    report = sample(is_failed=True)
    places = {place.name: place for place in places_of(report)}
    assert places["memory: engine"] == Place("memory: engine", 2 * 39 << 20, 3, 0)
    assert places["memory: vault"].kept_copies == 8
    assert places["data directory"].byte_count == 9 << 20
    assert len(places) == 4 + 2


def test_numbered_places_are_drawn_as_one() -> None:
    report = AuditReport()
    report.planted += [PlantedPlace("text_to_dialogue", "zero", f"line {number}", 1) for number in range(30)]
    svg = as_svg(BY_NAME["planted"], report)
    assert svg.count(">line<") == 1
    assert ">30<" in svg


def test_places_with_what_must_not_be_there_are_never_left_out() -> None:
    report = AuditReport()
    report.searched += [Searched(f"place {number}", "files", 1, 1, 0, 9, 0.0) for number in range(60)]
    report.searched.append(Searched("the one that leaks", "files", 1, 1, 1, 0, 0.0))
    assert "the one that leaks" in as_svg(BY_NAME["copies"], report)


def test_a_picture_for_paper_is_a_png() -> None:
    assert as_png(BY_NAME["timeline"], sample()).startswith(b"\x89PNG")
