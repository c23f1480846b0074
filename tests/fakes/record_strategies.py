"""Hypothesis strategies for records, from their type annotations."""

from __future__ import annotations

import types
import typing
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from echoless.crossing.records import Record


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for one annotation."""
    origin = get_origin(hint)
    if origin is typing.Annotated:
        return _bounded(get_args(hint)[0], hint.__metadata__[0])
    if origin in (typing.Union, types.UnionType):
        return st.one_of([of_type(part) for part in get_args(hint)])
    if origin is list:
        return st.lists(of_type(get_args(hint)[0]), max_size=3)
    if origin is tuple:
        return st.lists(of_type(get_args(hint)[0]), max_size=3).map(tuple)
    if origin is dict:
        key, value = get_args(hint)
        return st.dictionaries(of_type(key), of_type(value), max_size=3)
    return _plain(hint)


def _bounded(base: Any, meta: msgspec.Meta) -> st.SearchStrategy[Any]:
    if get_origin(base) is list:
        return of_type(base).filter(lambda found: len(found) >= (meta.min_length or 0))
    if get_origin(base) is dict:
        return of_type(base)
    if base is int:
        return st.integers(meta.ge or 0, meta.le)
    if base is bytes:
        return st.binary(max_size=99)
    if meta.pattern is not None:
        return st.from_regex(meta.pattern, fullmatch=True).filter(
            lambda text: len(text) <= (meta.max_length or 99) and "\n" not in text
        )
    return st.text(max_size=meta.max_length).filter(_encodes)


def _encodes(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _plain(hint: Any) -> st.SearchStrategy[Any]:
    if hint is type(None):
        return st.none()
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and issubclass(hint, Record):
        return records(hint)
    simple = {
        bool: st.booleans(),
        int: st.integers(-(2**31), 2**31),
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: st.text(max_size=50).filter(_encodes),
        bytes: st.binary(max_size=50),
    }
    return simple[hint]


def records(record_type: type[Record]) -> st.SearchStrategy[Record]:
    """Return a strategy for whole records."""
    hints = get_type_hints(record_type, include_extras=True)
    fields = {name: of_type(hints[name]) for name in record_type.__struct_fields__}
    return st.builds(record_type, **fields)
