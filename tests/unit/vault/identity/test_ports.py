"""Where nothing may be reached, a login by an identity provider says so."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.ports import NoWay

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.mark.parametrize("has_form", [True, False])
async def test_no_way_leads_nowhere(has_form: bool) -> None:
    way = NoWay()
    url = "https://login.example.org/"
    with pytest.raises(EcholessError) as caught:
        await (way.post_form(url, b"code=secret", "") if has_form else way.get(url))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert "secret" not in str(caught.value) and "login.example" not in str(caught.value)
