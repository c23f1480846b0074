"""What all schemas share: errors that echo nothing."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.base import Body, Query, known_names
from echoless.volatile.gateway.schemas.text_to_speech import SpeechBody

pytestmark = pytest.mark.unit


class _Inner(Body):
    depth: int


class _Outer(Body):
    code: Annotated[str, Field(pattern="^inner-pattern$")] | None = None
    inner: list[_Inner] | None = None
    numbers: dict[str, int] | None = None


class _Listing(Query):
    name: str | None = None
    many: list[str] | None = None

    @classmethod
    def lists(cls) -> frozenset[str]:
        return frozenset({"many"})


def test_names_of_inner_schemas_are_known() -> None:
    assert known_names(_Outer) == {"code", "inner", "numbers", "depth"}


@pytest.mark.claim("Z14")
def test_key_that_a_client_chose_is_not_part_of_a_place() -> None:
    with pytest.raises(UnprocessableError) as caught:
        _Outer.checked({"numbers": {"secret key": "x"}})
    (field,) = caught.value.fields
    assert field.location == ("body", "numbers")


@pytest.mark.claim("Z14")
@given(
    st.recursive(st.just("zqsecretqz"), lambda inner: st.lists(inner) | st.dictionaries(st.just("zqkeyqz"), inner))
)
def test_no_error_shows_a_submitted_value(value: object) -> None:
    for name in SpeechBody.model_fields:
        try:
            SpeechBody.checked({"text": "a", name: value})
        except UnprocessableError as error:
            shown = f"{error} {error.fields} {error.__context__!r}"
            assert "zqsecretqz" not in shown
            assert "zqkeyqz" not in shown


def test_message_of_a_kind_that_is_not_listed_is_a_constant() -> None:
    with pytest.raises(UnprocessableError) as caught:
        _Outer.checked({"code": "x"})
    assert [field.message for field in caught.value.fields] == ["The value does not fit here."]


@pytest.mark.parametrize("values", [{}, {"text": None}])
def test_null_is_missing(values: dict[str, object]) -> None:
    with pytest.raises(UnprocessableError) as caught:
        SpeechBody.checked(values)
    assert [(field.location, field.kind) for field in caught.value.fields] == [(("body", "text"), "missing")]


def test_null_inside_is_missing_too() -> None:
    with pytest.raises(UnprocessableError) as caught:
        _Outer.checked({"inner": [{"depth": None}]})
    assert [field.kind for field in caught.value.fields] == ["missing"]


def test_no_message_names_a_class_of_ours() -> None:
    with pytest.raises(UnprocessableError) as caught:
        SpeechBody.checked({"text": "a", "voice_settings": 5})
    assert [field.message for field in caught.value.fields] == ["The value is not a JSON object."]


def test_schema_prints_as_its_name() -> None:
    body = SpeechBody.checked({"text": "secret"})
    assert f"{body} {body!r}" == "<SpeechBody> <SpeechBody>"


def test_repeats_gather_in_lists_and_the_last_counts_elsewhere() -> None:
    query = _Listing.parse([("name", "a"), ("many", "1"), ("many", "2"), ("name", "b"), ("other", "x")])
    assert (query.name, query.many) == ("b", ["1", "2"])
