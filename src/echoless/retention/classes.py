"""What is kept where, why, how long, who erases it and how to check: as data, for API, command and docs.

A store or a table without an entry here fails the build, so nothing is kept without a written purpose. Nothing of a
zero-retention request is in any class but those that say so, and there only the closed list of its row.
source: the wire contract, zero retention, seed statements 1 and 25 to 28; the table of what is kept for how long
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Purpose(StrEnum):
    """Why something is kept."""

    SERVICE = "service"
    TROUBLESHOOTING = "troubleshooting"
    SECURITY = "security"
    BILLING = "billing"
    RECOVERY = "recovery"
    PROOF = "proof"


class Eraser(StrEnum):
    """Who ends the life of something that is kept."""

    USER = "user"
    SCHEDULE = "schedule"
    ACCOUNT_DELETION = "account_deletion"
    EXPIRY = "expiry"
    KEY_DESTRUCTION = "key_destruction"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class RetainedClass:
    """One class of what is kept.

    holds:       what it is, in a sentence
    stores:      names of STORES
    check:       what to run or look at, to see that it is gone
    has_content: whether text or audio of requests is in it, sealed
    keeps_zero:  whether a zero-retention request leaves anything in it: ids, counts and codes, never content
    life_days:   unless the operator says otherwise; None until deleted
    """

    name: str
    purposes: tuple[Purpose, ...]
    holds: str
    stores: tuple[str, ...]
    erased_by: tuple[Eraser, ...]
    check: str
    has_content: bool = False
    keeps_zero: bool = False
    life_days: int | None = None


STORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "vault_database": "Rows of everything that is kept; content and e-mail addresses only as sealed blobs.",
        "objects": "Sealed audio and transcripts, one object a segment.",
        "keys_database": "Wrapped keys of items and workspaces; never in a file, log or archive with the vault's.",
        "erasure_ledger": "Ids of what was deleted; never in a backup, replayed before a restored vault serves.",
        "vault_archives": "Encrypted backups of the vault's database and objects, without keys.",
        "keys_archives": "Encrypted backups of wrapped keys, elsewhere than the vault's archives.",
    }
)
_USER, _SCHEDULE, _ACCOUNT = Eraser.USER, Eraser.SCHEDULE, Eraser.ACCOUNT_DELETION
CLASSES: Final[tuple[RetainedClass, ...]] = (
    RetainedClass(
        "history",
        (Purpose.SERVICE,),
        "Text, settings, input and output audio of kept generations; transcripts and their recordings.",
        ("vault_database", "objects", "keys_database"),
        (_USER, _SCHEDULE, _ACCOUNT),
        "GET /v1/history and GET /v1/speech-to-text/transcripts/{id}: 404 once deleted.",
        has_content=True,
    ),
    RetainedClass(
        "request_log",
        (Purpose.SERVICE, Purpose.SECURITY),
        "One row a request: ids, product, model, counts, times, status and mode.",
        ("vault_database",),
        (_SCHEDULE, _ACCOUNT),
        "POST /v1/workspace/analytics/requests: no row older than its life.",
        keeps_zero=True,
        life_days=90,
    ),
    RetainedClass(
        "debug_log",
        (Purpose.TROUBLESHOOTING,),
        "Parameters and failures of kept requests, with their content.",
        ("vault_database", "keys_database"),
        (_SCHEDULE, _ACCOUNT, _USER),
        "echoless logs read --kind debug: nothing older than its life. By the user only with erase_logs_with_item.",
        has_content=True,
        life_days=30,
    ),
    RetainedClass(
        "moderation_log",
        (Purpose.SECURITY,),
        "Flagged excerpts and verdicts of kept requests.",
        ("vault_database", "keys_database"),
        (_SCHEDULE, _ACCOUNT, _USER),
        "echoless logs read --kind moderation: as the debug log.",
        has_content=True,
        life_days=90,
    ),
    RetainedClass(
        "verdicts",
        (Purpose.SECURITY,),
        "How many verdicts of which kind a workspace had in which hour.",
        ("vault_database",),
        (_ACCOUNT,),
        "Gone with the account: its certificate counts it.",
        keeps_zero=True,
    ),
    RetainedClass(
        "usage",
        (Purpose.BILLING,),
        "Characters, requests and minutes by hour, key, product and model; the counters of the period.",
        ("vault_database",),
        (_ACCOUNT,),
        "GET /v1/usage/character-stats; gone with the account.",
        keeps_zero=True,
    ),
    RetainedClass(
        "audit_trail",
        (Purpose.SECURITY, Purpose.PROOF),
        "Administrative acts: when, who by id, what, on which id. Never a generation.",
        ("vault_database",),
        (_ACCOUNT,),
        "GET /v1/workspace/audit-logs; gone with the account.",
    ),
    RetainedClass(
        "accounts",
        (Purpose.SERVICE,),
        "Workspaces with policy, members (addresses sealed), sessions, service accounts, digests of keys.",
        ("vault_database", "keys_database"),
        (_USER, _ACCOUNT),
        "GET /v1/service-accounts and GET /v1/workspace/members; gone with the account.",
    ),
    RetainedClass(
        "configuration",
        (Purpose.SERVICE,),
        "Stored settings of voices, pronunciation dictionaries and webhooks.",
        ("vault_database", "keys_database"),
        (_USER, _ACCOUNT),
        "GET /v1/pronunciation-dictionaries and GET /v1/workspace/webhooks; gone with the account.",
    ),
    RetainedClass(
        "deliveries",
        (Purpose.SERVICE,),
        "When a webhook was tried and what status came back; never what was delivered.",
        ("vault_database",),
        (_SCHEDULE, _ACCOUNT),
        "GET /v1/workspace/webhooks shows the latest failure only.",
        keeps_zero=True,
        life_days=7,
    ),
    RetainedClass(
        "notices",
        (Purpose.SERVICE, Purpose.SECURITY),
        "What administrators were told, without content; codes and addresses sealed until delivered.",
        ("vault_database", "keys_database"),
        (Eraser.DELIVERY, _ACCOUNT),
        "echoless notices list.",
    ),
    RetainedClass(
        "jobs",
        (Purpose.SERVICE,),
        "What the server has yet to erase, with its progress: ids and counts.",
        ("vault_database",),
        (_SCHEDULE, _ACCOUNT),
        "The lag of each class in the server's metrics.",
        life_days=30,
    ),
    RetainedClass(
        "erasure_ledger",
        (Purpose.RECOVERY, Purpose.PROOF),
        "Ids of deleted items and accounts, so that no restored backup brings them back.",
        ("erasure_ledger",),
        (Eraser.EXPIRY,),
        "Restore an older backup: what was deleted since is not there.",
    ),
    RetainedClass(
        "deletion_certificates",
        (Purpose.PROOF,),
        "What was destroyed with an account, by class and count, signed; no name, no address.",
        ("vault_database",),
        (Eraser.EXPIRY,),
        "echoless verify on the certificate.",
    ),
    RetainedClass(
        "backups",
        (Purpose.RECOVERY,),
        "Copies of all classes, encrypted to the operator's recipients; keys in archives of their own.",
        ("vault_archives", "keys_archives"),
        (Eraser.EXPIRY, Eraser.KEY_DESTRUCTION),
        "echoless backup list: nothing older than 30 days; restoring one after that fails.",
        has_content=True,
        life_days=30,
    ),
)
