"""Rules about our own code. Each must hold for every file, and must find the example that breaks it."""

from __future__ import annotations

import pytest

from tests.house import rules
from tests.house.rules import Rule
from tests.house.sources import python_sources, seeded

pytestmark = pytest.mark.house

_LONG_FUNCTION = "def long() -> None:\n" + "    a = 1\n" * rules.FUNCTION_LINES_MAX

RULES = (
    Rule(
        "files_are_opened_by_the_vault",
        rules.files_are_opened_by_the_vault,
        (
            seeded("echoless.volatile.speech.x", "from pathlib import Path\nPath('a').write_text('b')\n"),
            seeded("echoless.crossing.x", "open('a')\n"),
        ),
        {
            "echoless.core.processes": "begins another process's peak of memory anew, in /proc",
            "echoless.volatile.engines.tts.espeak": "watches its own size in /proc",
        },
    ),
    Rule("nothing_is_printed", rules.nothing_is_printed, (seeded("echoless.vault.x", "print('text')\n"),)),
    Rule(
        "no_code_is_named_by_data",
        rules.no_code_is_named_by_data,
        (seeded("echoless.vault.x", "import importlib\nimportlib.import_module('sqlite3')\n"),),
    ),
    Rule(
        "content_is_not_copied_wholesale",
        rules.content_is_not_copied_wholesale,
        (seeded("echoless.crossing.x", "from dataclasses import asdict\nasdict(1)\n"),),
    ),
    Rule(
        "nothing_is_cached_by_argument",
        rules.nothing_is_cached_by_argument,
        (seeded("echoless.volatile.speech.x", "from functools import lru_cache\n"),),
    ),
    Rule(
        "nothing_outlives_its_request",
        rules.nothing_outlives_its_request,
        (
            seeded("echoless.volatile.gateway.x", "import asyncio\nasyncio.create_task(None)\n"),
            seeded("echoless.volatile.gateway.x", "def f(tasks: BackgroundTasks) -> None: ...\n"),
        ),
        {
            "echoless.volatile.gateway.watching": "watches for the client's leaving; its block ends it",
            "echoless.volatile.gateway.feeding": "feeds a job while its block runs; the block waits for both sides",
            "echoless.volatile.egress.host": "a job is a task, which ends with its gateway's link or word",
            "echoless.volatile.egress.elevenlabs": "looks at a history after a job, of which it has numbers only",
        },
    ),
    Rule(
        "only_the_journal_speaks",
        rules.only_the_journal_speaks,
        (seeded("echoless.vault.x", "import logging\n"),),
        {"echoless.core.journal": "silences the loggers of libraries"},
    ),
    Rule(
        "libraries_that_keep_stay_out",
        rules.libraries_that_keep_stay_out,
        (seeded("echoless.volatile.gateway.x", "from urllib.parse import urlsplit\n"),),
        {
            "echoless.core.server_process": "starts a whole server, for the audit, the bench and the tests",
            "echoless.volatile.egress.connections": "is the way out; its transport keeps nothing",
        },
    ),
    Rule(
        "each_library_has_one_door",
        rules.each_library_has_one_door,
        (seeded("echoless.vault.x", "import fastapi\n"), seeded("echoless.cli.x", "from asyncpg import connect\n")),
        {"echoless.audit.socket_client": "is a client of the server's sockets, from outside"},
    ),
    Rule(
        "content_opens_only_where_it_is_used",
        rules.content_opens_only_where_it_is_used,
        (seeded("echoless.supervisor.x", "a.reveal()\n"),),
    ),
    Rule(
        "only_retention_asks_for_the_mode",
        rules.only_retention_asks_for_the_mode,
        (seeded("echoless.volatile.gateway.x", "if mode is RetentionMode.ZERO:\n    pass\n"),),
        {
            "echoless.crossing.sinks": "here the mode becomes an object, once for each request",
        },
    ),
    Rule(
        "errors_are_raised_after_the_except_block",
        rules.errors_are_raised_after_the_except_block,
        (seeded("echoless.vault.x", "try:\n    pass\nexcept KeyError:\n    raise ValueError('a') from None\n"),),
    ),
    Rule(
        "no_error_is_swallowed",
        rules.no_error_is_swallowed,
        (seeded("echoless.vault.x", "try:\n    pass\nexcept Exception:\n    pass\n"),),
    ),
    Rule("modules_have_no_state", rules.modules_have_no_state, (seeded("echoless.x", "def f():\n    global a\n"),)),
    Rule(
        "files_are_short",
        rules.files_are_short,
        (seeded("echoless.x", "a = 1\n" * 501),),
        {"echoless.retention.endpoints": "a table of data: one row for each endpoint of the contract"},
    ),
    Rule("functions_are_short", rules.functions_are_short, (seeded("echoless.x", _LONG_FUNCTION),)),
    Rule("names_say_what_is_inside", rules.names_say_what_is_inside, (seeded("echoless.vault.key_utils", ""),)),
    Rule(
        "suppressions_have_a_code_and_a_reason",
        rules.suppressions_have_a_code_and_a_reason,
        (seeded("echoless.x", "a = 1  # noqa: S101\n"),),
    ),
    Rule(
        "unfinished_work_has_a_reference",
        rules.unfinished_work_has_a_reference,
        (seeded("echoless.x", "# TODO: later\n"),),
    ),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    findings = [
        finding
        for source in python_sources("src")
        if source.module not in rule.exceptions
        for finding in rule.check(source)
    ]
    assert not findings, "\n" + "\n".join(f"{found.path}:{found.line}: {found.what}" for found in findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rule_finds_its_example(rule: Rule) -> None:
    for example in rule.examples:
        assert list(rule.check(example)), example.text


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.exceptions], ids=lambda rule: rule.name)
def test_every_exception_is_still_needed(rule: Rule) -> None:
    by_module = {source.module: source for source in python_sources("src")}
    for module, reason in rule.exceptions.items():
        assert reason
        assert module in by_module, f"{module} is gone: take it from the exceptions"
        assert list(rule.check(by_module[module])), f"{module} needs no exception any more"


def test_a_task_of_a_group_is_no_loose_task() -> None:
    scoped = "async def f():\n    async with asyncio.TaskGroup() as tasks:\n        tasks.create_task(g())\n"
    assert not list(rules.nothing_outlives_its_request(seeded("echoless.volatile.x", scoped)))


def test_suppressions_in_tests_have_a_code_and_a_reason() -> None:
    for source in python_sources("tests"):
        assert not list(rules.suppressions_have_a_code_and_a_reason(source)), source.path
