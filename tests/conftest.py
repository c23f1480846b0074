"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.fakes.store_servers import Cluster, S3Server


def pytest_configure() -> None:
    """Let a slow machine be slow: how long an example takes says nothing about the rule it tries."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    settings.register_profile("any_machine", deadline=None, suppress_health_check=slow)
    settings.load_profile("any_machine")


@pytest.fixture
def anyio_backend() -> str:
    """The one event loop that the server runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real PostgreSQL, begun when the first test asks for it."""
    from tests.fakes.store_servers import Cluster

    with Cluster() as running:
        yield running


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A real S3 server, begun when the first test asks for it."""
    from tests.fakes.store_servers import S3Server

    with S3Server() as running:
        yield running
