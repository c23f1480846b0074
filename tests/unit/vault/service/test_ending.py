"""What ends accounts, put together: whoever holds something of a workspace forgets it."""

from __future__ import annotations

import inspect

import pytest

from echoless.crossing.account_records import DeleteWorkspace, MemberRemoved
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.mark.claim("Z28")
async def test_everybody_who_can_forget_a_workspace_is_told_to(
    vault: Vault, gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C54: a part of the vault with `forget_workspace` that nobody calls would go on knowing the account."""
    made = await vault.operate(CreateWorkspace("doomed", "enterprise", True))
    assert isinstance(made, WorkspaceCreated)
    await gateway.make("Something.", key=made.secret)
    able = [part for part in parts_of(vault) if hasattr(part, "forget_workspace")]
    told: set[type] = set()
    for kind in {type(part) for part in able}:
        original = kind.forget_workspace

        def noting(self: object, workspace_id: str, original: object = original) -> object:
            told.add(type(self))
            return original(self, workspace_id)  # type: ignore[operator]  # the method itself

        monkeypatch.setattr(kind, "forget_workspace", noting)
    await vault.operate_alone(DeleteWorkspace(made.workspace_id))
    assert told == {type(part) for part in able}
    assert len(told) >= 5


def parts_of(root: object) -> list[object]:
    """All objects of ours that can be reached by attributes."""
    seen: dict[int, object] = {}
    queue = [root]
    while queue:
        thing = queue.pop()
        if id(thing) in seen or inspect.isclass(thing) or not type(thing).__module__.startswith("echoless.vault"):
            continue
        seen[id(thing)] = thing
        names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        queue += [getattr(thing, name, None) for name in (*names, *getattr(thing, "__dict__", {}))]
    return list(seen.values())


def test_what_became_of_a_member_names_nobody() -> None:
    assert MemberRemoved.__struct_fields__ == ("user_id", "heir_id", "removed", "reassigned", "kept")
