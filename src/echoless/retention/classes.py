"""What is kept where, why, how long, who erases it and how to check: as data, for API, command and docs.

A store or a table without an entry here fails the build, so nothing is kept without a written purpose. Nothing of a
zero-retention request is in any class but those that say so, and there only the closed list of its row.
source: the wire contract, zero retention, seed statements 1 and 25 to 28; the table of what is kept for how long
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
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
    OPERATOR = "operator"


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


@dataclass(frozen=True, slots=True)
class Store:
    """One place where something is kept.

    places: names in the data directory, or what the operator configured instead
    """

    name: str
    purposes: tuple[Purpose, ...]
    holds: str
    places: tuple[str, ...]


STORES: Final[tuple[Store, ...]] = (
    Store(
        "vault_database",
        (Purpose.SERVICE, Purpose.TROUBLESHOOTING, Purpose.SECURITY, Purpose.BILLING),
        "Rows of everything that is kept; content and e-mail addresses only as sealed blobs.",
        ("vault.sqlite", "database_url"),
    ),
    Store(
        "objects",
        (Purpose.SERVICE,),
        "Sealed audio and transcripts, one object a segment.",
        ("objects", "objects_url"),
    ),
    Store(
        "keys_database",
        (Purpose.SERVICE,),
        "Wrapped keys of items and workspaces; never in a file, log or archive with the vault's.",
        ("keys.sqlite", "keys_url"),
    ),
    Store(
        "key_files",
        (Purpose.SERVICE, Purpose.PROOF),
        "The keys that wrap all others, and the one that signs; copied to archives of keys only.",
        ("keys",),
    ),
    Store(
        "erasure_ledger",
        (Purpose.RECOVERY, Purpose.PROOF),
        "Ids of what was deleted, and certificates; copied to backups, replayed before a restored vault serves.",
        ("erasure",),
    ),
    Store(
        "transparency_log",
        (Purpose.PROOF,),
        "Salted digests of receipts and policy changes; keys and builds: append-only, for anybody to read.",
        ("log",),
    ),
    Store(
        "migration_copies",
        (Purpose.RECOVERY,),
        "Both databases as they were before the newest update; 7 days.",
        ("before-migration",),
    ),
    Store(
        "staging",
        (Purpose.RECOVERY,),
        "Copies while a backup is made or restored; gone when that ends, and at the next start.",
        ("backup-staging", "restore-staging"),
    ),
    Store(
        "vault_archives",
        (Purpose.RECOVERY,),
        "Encrypted backups of the vault's database and objects, without keys.",
        ("backup_directory",),
    ),
    Store(
        "keys_archives",
        (Purpose.RECOVERY,),
        "Encrypted backups of wrapped keys, elsewhere than the vault's archives.",
        ("backup_keys_directory",),
    ),
    Store(
        "markers",
        (Purpose.SERVICE,),
        "Version of the layout, where the stores are, locks, sockets, and the first API key until you remove it.",
        (
            "version",
            "installation",
            "migration-unfinished",
            "moving",
            "restore-whole",
            "vault.lock",
            "first-api-key",
        ),
    ),
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
        "echoless logs debug: nothing older than its life. The user's delete reaches it with erase_logs_with_item.",
        has_content=True,
        life_days=30,
    ),
    RetainedClass(
        "moderation_log",
        (Purpose.SECURITY,),
        "Flagged excerpts and verdicts of kept requests.",
        ("vault_database", "keys_database"),
        (_SCHEDULE, _ACCOUNT, _USER),
        "echoless logs moderation: as the debug log.",
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
        "receipts",
        (Purpose.PROOF,),
        "Signed statements on the mode of each generation: times to the minute, counts in buckets, no key id.",
        ("vault_database", "transparency_log"),
        (_ACCOUNT,),
        "echoless verify receipt; rows and salts go with the account, what is left in the log names nothing.",
        keeps_zero=True,
    ),
    RetainedClass(
        "policy_changes",
        (Purpose.PROOF,),
        "Changes of retention policy, by kind of actor, to the minute, with the salts of their entries in the log.",
        ("vault_database", "transparency_log"),
        (_ACCOUNT,),
        "GET /v1/workspace/zero-retention/changes; rows and salts go with the account.",
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
        ("vault_database", "keys_database", "key_files"),
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
        "voices_of_the_operator",
        (Purpose.SERVICE,),
        "Other voice ids that the operator mapped to voices of the catalogue.",
        ("vault_database",),
        (Eraser.OPERATOR,),
        "echoless voices list.",
    ),
    RetainedClass(
        "deliveries",
        (Purpose.SERVICE,),
        "When a webhook was tried and what status came back; never what was delivered.",
        ("vault_database",),
        (_SCHEDULE, _ACCOUNT),
        "GET /v1/workspace/webhooks shows the latest failure only.",
        keeps_zero=True,
        life_days=90,
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
        (Eraser.OPERATOR,),
        "Restore an older backup: what was deleted since is not there.",
    ),
    RetainedClass(
        "deletion_certificates",
        (Purpose.PROOF,),
        "What was destroyed with an account, by class and count, signed; no name, no address.",
        ("erasure_ledger",),
        (Eraser.OPERATOR,),
        "echoless certificate list; echoless verify certificate FILE.",
    ),
    RetainedClass(
        "backups",
        (Purpose.RECOVERY,),
        "Copies of all classes, encrypted to the operator's recipients; keys in archives of their own.",
        ("vault_archives", "keys_archives", "staging"),
        (Eraser.EXPIRY, Eraser.KEY_DESTRUCTION),
        "echoless backup list: nothing older than 30 days; restoring one after that fails.",
        has_content=True,
        life_days=30,
    ),
    RetainedClass(
        "update_copies",
        (Purpose.RECOVERY,),
        "Both databases as they were before the newest update.",
        ("migration_copies",),
        (Eraser.USER, Eraser.EXPIRY, _ACCOUNT),
        "The folder before-migration: gone after a week.",
        has_content=True,
        life_days=7,
    ),
    RetainedClass(
        "installation",
        (Purpose.SERVICE,),
        "What the server must know of itself to start.",
        ("markers", "vault_database"),
        (Eraser.OPERATOR,),
        "ls of the data directory.",
    ),
)
