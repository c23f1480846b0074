"""What a vault stands on is laid before its wall closes (C58)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.confinement.host import read_host
from echoless.confinement.kernel import Kernel
from echoless.confinement.secret_memory import SecretMemory
from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.service.ground import Ground
from tests.fakes.gateway_double import config_for

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]


def test_the_host_is_read_and_keys_get_the_best_memory_that_there_is(tmp_path: Path) -> None:
    ground = Ground.lay(config_for(tmp_path))
    assert ground.host == read_host()
    facts = ground.signing_key_facts()
    assert (facts.memory, facts.at_rest) == (SecretMemory(Kernel()).kind.value, "file")


def test_a_tpm_that_is_named_and_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(EcholessError, match="signing_key_tpm") as refused:
        Ground.lay(config_for(tmp_path, signing_key_tpm="device:/dev/no-such-tpm"))
    assert refused.value.code is ErrorCode.CONFIGURATION
