"""How texts are checked, and what follows from findings, as the operator sets it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from echoless.core.moderation import Category


class ModerationSettings(BaseModel):
    """The automated check of texts, in both modes alike."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enabled: bool = True
    rules_file: str | None = None
    model: str = Field(default="", max_length=64)
    model_name: str = Field(default="omni-moderation-latest", pattern=r"^[A-Za-z0-9_.:/-]{1,64}$")
    model_timeout_s: float = Field(default=10.0, gt=0, le=60)
    when_unavailable: Literal["refuse", "pass"] = "refuse"
    refuse: tuple[Category, ...] = (Category.SEXUAL_MINORS,)
    flags_max: int = Field(default=5, ge=0, le=1_000_000)
    severe_max: int = Field(default=1, ge=0, le=1_000_000)
    window_days: int = Field(default=7, ge=1, le=365)
