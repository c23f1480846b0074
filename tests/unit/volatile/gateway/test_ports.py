"""The gateway's ports against those who stand behind them."""

from __future__ import annotations

import inspect

import pytest

from echoless.crossing.client import AnswerStream, EnginePool, Speech, VaultClient, VaultTicket
from echoless.volatile.gateway import ports

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("port", "behind"),
    [
        (ports.VaultPort, VaultClient),
        (ports.OpenTicketPort, VaultTicket),
        (ports.AnswersPort, AnswerStream),
        (ports.EnginePort, EnginePool),
        (ports.SpeechSource, Speech),
    ],
)
def test_each_method_of_a_port_is_there_with_its_parameters(port: type, behind: type) -> None:
    names = [name for name in dir(port) if not name.startswith("_")]
    assert names
    for name in names:
        wanted, found = inspect.getattr_static(port, name), inspect.getattr_static(behind, name)
        if callable(wanted):
            assert list(inspect.signature(wanted).parameters) == list(inspect.signature(found).parameters), name
            assert inspect.iscoroutinefunction(wanted) == inspect.iscoroutinefunction(found), name
