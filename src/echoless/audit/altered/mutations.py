"""Protections to switch off, one at a time. Each time an audit must fail, and say why: else it would not notice
that the protection was gone (C60).

Where a layer says of itself that it is missing, the server refuses zero retention, which an audit notices too.
Where that word was altered as well, only what the layer kept back can show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from echoless.audit.altered.alteration import Addition, Alteration, Change
from echoless.audit.altered.leaks import KEEPING, SINK_THAT_KEEPS
from echoless.audit.altered.pretence import LOADED, WALL_DOWN
from echoless.audit.parts.catalogue import ROUNDS

_REQUEST_LINE: Final = "volatile/gateway/request_line.py"
_DESK: Final = "vault/intake/desk.py"
_DECISION: Final = "retention/decision.py"
_GRANTING: Final = "vault/intake/granting.py"
_SANDBOX: Final = "confinement/sandbox.py"
_LIMITS: Final = "confinement/limits.py"
_ALLOCATOR: Final = "confinement/allocator.py"
_CHILDREN: Final = "supervisor/children.py"
_ESPEAK: Final = "volatile/engines/tts/espeak.py"
_ENGINE: Final = "volatile/service/engine.py"
_ADMISSION: Final = "volatile/gateway/admission.py"
_JOURNAL: Final = "core/journal.py"
_SOUND: Final = "volatile/engines/media/sound.py"
_CALLS: Final = "volatile/gateway/calls.py"

_PLANTED: Final = r"^round 1: planted as intended"
_MEMORY: Final = r"^memory after round 1"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One protection that is switched off.

    protection: in words, as a table names it
    caught_by:  what an audit must complain of, a regular expression
    only:       the product to plant in
    parts:      the parts of the audit that are run; the rounds unless told
    is_lab:     whether they are those of the laboratory
    """

    protection: str
    caught_by: str
    alterations: tuple[Alteration, ...] = field(repr=False)
    only: str = "text_to_speech"
    parts: tuple[str, ...] = (ROUNDS,)
    is_lab: bool = False


_RECEIPT_AT_ONCE: Final = """\
        self._post(ticket.link, ticket.correlation, granted)
        if ticket.endpoint.is_generation:
            self._receipting.ended(ticket, Ended(ticket.decision.mode.value, 200, "", 0))
"""


def _policy(protection: str, caught_by: str, path: str, old: str, new: str) -> Mutation:
    """Return one that the questions of the part `policy` must notice."""
    return Mutation(protection, caught_by, (Change(path, old, new),), parts=("policy",))


_OF_REQUESTS: Final = (
    Mutation(
        "the switch in the query is read", _PLANTED,
        (Change(_REQUEST_LINE, "    switch = Switch.ABSENT\n    for name, value in query:\n",
                "    switch = Switch.ABSENT\n    for name, value in ():\n"),),
    ),
    Mutation(
        "a switch in the body is refused", _PLANTED,
        (Change("volatile/gateway/bodies.py", "        raise misplaced_switch()\n", "        pass\n"),),
    ),
    Mutation(
        "the mode becomes an object that takes no content", _PLANTED + r"|^the audit came to its end",
        (SINK_THAT_KEEPS,),
    ),
    Mutation(
        "the vault refuses content of zero retention", r"^zero-retention canaries are not in the vault",
        KEEPING.leaks[0].alterations,
    ),
    Mutation(
        "the journal has a closed alphabet", r"^captured output",
        (
            Change(_JOURNAL, "_checked(allowed.get(name), value) for name, value", "value for name, value"),
            Change(_ADMISSION, '            route=call.endpoint.template if match else "unlisted",\n',
                   '            route=repr(call.query),\n'),
        ),
    ),
    Mutation(
        "an answer says its mode", _PLANTED,
        (Change(_CALLS, '            headers.append((b"x-echoless-retention", self.mode.value.encode("ascii")))\n',
                '            headers.append((b"x-echoless-retention", b"default"))\n'),),
    ),
)  # fmt: skip
_OF_WALLS: Final = (
    Mutation(
        "the filter of system calls is built", _PLANTED,
        (Change(_SANDBOX, "    builds_filter = is_proved and", "    builds_filter = False and is_proved and"),),
    ),
    Mutation(
        "there is a wall, whatever it says of itself", "^the wall from outside: .*no filter",
        # From outside a process without a filter is known, whatever it says.
        tuple(replace(part, text=part.text.replace(LOADED, "")) if isinstance(part, Addition) else part
              for part in WALL_DOWN),
        parts=(ROUNDS, "wall"),
    ),
    Mutation(
        "Landlock is built", _PLANTED,
        (Change(_SANDBOX, "    has_landlock = is_proved and", "    has_landlock = False and is_proved and"),),
    ),
    Mutation(
        "files cannot grow", _PLANTED,
        (Change(_LIMITS, "    if role.is_volatile and sizes:\n", "    if False:\n"),),
    ),
    Mutation(
        "there are no core dumps", _PLANTED,
        (
            Change(_LIMITS, "    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n",
                   "    resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))\n"),
        ),
    ),
)  # fmt: skip
_OF_MEMORY: Final = (
    Mutation(
        "the allocator overwrites what is freed", _MEMORY,
        (
            Change(_CHILDREN, "    if has_allocator_profile:\n", "    if False:\n"),
            Change(_ALLOCATOR, "    return AllocatorState.KEEPS if left else AllocatorState.OVERWRITES\n",
                   "    return AllocatorState.OVERWRITES\n"),
        ),
    ),
    Mutation(
        "the engine's own memory is rolled back", r"^memory after round 1: engine",
        (
            Change(_ESPEAK, "        is_scrubbing: bool = True,\n", "        is_scrubbing: bool = False,\n"),
            Change(_ESPEAK, "        self._is_scrubbing = is_scrubbing\n", "        self._is_scrubbing = False\n"),
            Change(_ENGINE, "    if config.is_scrubbing and isinstance(engine, EspeakEngine):", "    if False:"),
        ),
    ),
    Mutation(
        "samples are overwritten once they are used", r"^memory after round 1: media",
        (
            Change(_SOUND, "            used.fill(0.0)\n", "            held.append(used)\n"),
            Change(_SOUND, "class _Blocks:\n", "held: list = []\n\n\nclass _Blocks:\n"),
        ),
        only="speech_to_text",
    ),
)  # fmt: skip
_OF_POLICY: Final = (
    _policy(
        "every spelling of the switch is read", "^the switch: every spelling",
        _REQUEST_LINE, "_SWITCH_VALUES.get(value.lower()[:8], Switch.UNREADABLE)",
        "_SWITCH_VALUES.get(value, Switch.ABSENT)",
    ),
    _policy(
        "a switch that is given twice is refused", "^the switch: what cannot be read",
        _REQUEST_LINE, "            if switch not in {Switch.ABSENT, said}:\n", "            if False:\n",
    ),
    _policy(
        "a workspace that enforces zero retention is heeded", "^a workspace that enforces",
        _DECISION, "        if standing.demands_zero:\n", "        if False:\n",
    ),
    _policy(
        "a key that demands zero retention is heeded", "^a key that demands",
        _DECISION, "        if standing.key_floor is RetentionMode.ZERO:\n", "        if False:\n",
    ),
    _policy(
        "a token that was made for zero retention is heeded", "^a token that was made",
        _GRANTING, "        if token.is_pinned_zero:\n", "        if False:\n",
    ),
    _policy(
        "zero retention is for who is entitled to it", "^who may not have zero retention",
        _DECISION, "    if not (standing.is_enterprise and standing.is_entitled):\n", "    if False:\n",
    ),
    _policy(
        "a restriction is heeded", "^a restricted workspace",
        _DECISION, "    if standing.is_restricted:\n", "    if False:\n",
    ),
    _policy(
        "products that keep refuse zero retention", "^products that keep",
        _DECISION, "    if not endpoint.is_eligible:\n        is_read", "    if False:\n        is_read",
    ),
    _policy(
        "no answer may be cached", "^no answer may be cached",
        _CALLS, '            (b"cache-control", b"no-store"),\n', "",
    ),
    _policy(
        "counters move in zero retention too", "^counters move",
        "vault/intake/keeping.py", "        if not credits:\n",
        "        if not credits or ticket.decision.mode is RetentionMode.ZERO:\n",
    ),
    _policy(
        "what was not kept cannot be continued", "^earlier requests that were not kept",
        "volatile/gateway/speech_checks.py", "    if rule is Stitching.REFUSED:\n", "    if False:\n",
    ),
)  # fmt: skip
_OF_PROOF: Final = (
    Mutation(
        "receipts are entered in the log", "^receipts come after the wiping",
        (Change("vault/stores/receipt_book.py", "self._enter(connections, [(row[", "list([(row["),),
        parts=("proof",),
    ),
    Mutation(
        "a receipt comes once its request is over and wiped", "^receipts come after the wiping",
        (
            Change(_DESK, "        self._post(ticket.link, ticket.correlation, granted)\n", _RECEIPT_AT_ONCE),
            Change(_DESK, "                self._receipting.ended(ticket, _ended(ticket, record))\n",
                   "                pass\n"),
            Change("vault/intake/receipting.py",
                   "        self._waiting.append(_Waiting(self._clock.monotonic_s(), ticket.link, receipt))\n",
                   "        self._ready.append(receipt)\n        self._wake.set()\n"),
        ),
        parts=("proof",),
    ),
)  # fmt: skip
_OF_DELETION: Final = (
    Mutation(
        "a key is destroyed when its item is deleted", "^deletion: key, ciphertext and row",
        (Change("vault/stores/erasing.py",
                "        _delete(connections.keys, schema.item_keys.c.item_id, item_ids)\n", "        pass\n"),),
        parts=("forgetting",), is_lab=True,
    ),
    Mutation(
        "deleted rows are overwritten", "^deletion: key, ciphertext and row",
        (Change("vault/stores/database.py", '"secure_delete=ON",', '"secure_delete=OFF",'),),
        parts=("forgetting",), is_lab=True,
    ),
)  # fmt: skip
MUTATIONS: Final[tuple[Mutation, ...]] = (
    *_OF_REQUESTS, *_OF_WALLS, *_OF_MEMORY, *_OF_POLICY, *_OF_PROOF, *_OF_DELETION,
)  # fmt: skip
