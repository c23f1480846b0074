"""`/v1/user` and `/v1/user/subscription`: who calls, and what is left.

No name and no e-mail address: this server knows none.
source: the wire contract, history, voices, models and user, section 4
"""

from __future__ import annotations

from typing import Any, Final

from echoless.crossing.query_records import Account, GetAccount
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route

_SEATS: Final = {"admin": "workspace_admin", "editor": "workspace_member", "viewer": "workspace_lite_member"}


async def show_user(call: Call) -> None:
    """Say who calls."""
    account = await _account(call)
    await call.answer(
        {
            "user_id": account.user_id,
            "workspace_id": account.workspace_id,
            "subscription": _subscription(account),
            "is_new_user": False,
            "can_use_delayed_payment_methods": False,
            "is_onboarding_completed": True,
            "is_onboarding_checklist_completed": True,
            "first_name": None,
            "is_api_key_hashed": True,
            "xi_api_key": None,
            "xi_api_key_preview": account.key_hint or None,
            "created_at": account.created_unix,
            "seat_type": _SEATS[account.role],
        }
    )


async def show_subscription(call: Call) -> None:
    """Say what is left."""
    more: dict[str, Any] = {
        "next_invoice": None,
        "open_invoices": [],
        "has_open_invoices": False,
        "pending_change": None,
    }
    await call.answer(_subscription(await _account(call)) | more)


async def _account(call: Call) -> Account:
    account = await call.open_ticket.ask(GetAccount())
    assert isinstance(account, Account)
    return account


def _subscription(account: Account) -> dict[str, Any]:
    return {
        "tier": account.tier,
        "character_count": account.character_count,
        "character_limit": account.character_limit,
        "max_character_limit_extension": None,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": False,
        "allowed_to_extend_character_limit": False,
        "next_character_count_reset_unix": account.next_reset_unix,
        "voice_slots_used": 0,
        "professional_voice_slots_used": 0,
        "voice_limit": 0,
        "voice_add_edit_counter": 0,
        "professional_voice_limit": 0,
        "can_extend_voice_limit": False,
        "can_use_instant_voice_cloning": False,
        "can_use_professional_voice_cloning": False,
        "currency": None,
        "status": "active",
        "billing_period": None,
        "character_refresh_period": "monthly_period",
    }


ROUTES: Final = (
    Route("GET /v1/user", show_user, "Who calls"),
    Route("GET /v1/user/subscription", show_subscription, "What is left"),
)
