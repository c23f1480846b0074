"""The places around a text that a client fills too, and that every product has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from echoless.audit.canary import CanaryMint

AROUND: Final = ("query name", "query value", "header name", "header value", "user agent")


def words_for(mint: CanaryMint, name: str, parts: tuple[str, ...]) -> dict[str, str]:
    """Return a word of its own for each place. What surrounds a text is never kept, not even beside a kept item."""
    return {part: mint.plain(f"{name}/{part}", 40, is_kept=False).words[0] for part in parts}


def query_of(words: Mapping[str, str]) -> str:
    """Return the parameter that nobody knows, to be added to a query."""
    return f"&{words['query name']}={words['query value']}"


def headers_of(words: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that nobody knows."""
    return {f"x-{words['header name']}": words["header value"], "user-agent": words["user agent"]}


def switch_of(is_kept: bool) -> str:
    """Return the switch, to be added to a query."""
    return "" if is_kept else "&enable_logging=false"
