"""The server that API tests drive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.running_server import RunningServer, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for the whole session, with one enterprise workspace."""
    flags = ("--engines", "2", "--gateways", "2")
    hearing = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "1"}
    with running_server(tmp_path_factory.mktemp("server"), *flags, variables=hearing) as running:
        yield running
