"""`/v1/pronunciation-dictionaries`: made from rules or a file, changed by versions, listed and downloaded.

source: the wire contract, text to speech, section 6
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.dictionary_records import (
    RULES_BYTES_MAX,
    STRING_CHARACTERS_MAX,
    AddRules,
    CreateDictionary,
    DictionaryPage,
    DictionaryRules,
    DictionaryVersion,
    DictionaryView,
    EditDictionary,
    GetDictionary,
    ListDictionaries,
    ReadRules,
    RemoveRules,
    SetRules,
    rules_bytes,
)
from echoless.crossing.records import PronunciationRule, Record
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.forms import read_form
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.pronunciation_lexicon import LexiconReader, write_lexicon
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.pronunciation_dictionaries import (
    AliasRule,
    CreateDictionaryBody,
    DictionariesQuery,
    DictionaryForm,
    EditDictionaryBody,
    PhonemeRule,
    RulesBody,
    RuleStringsBody,
)

_FILE: Final = "file"
_LEXICON_TYPE: Final = "application/pls+xml"
_ATTACHMENT: Final[Header] = (b"content-disposition", b"attachment; filename=dictionary.pls")
_ID: Final = re.compile(r"[A-Za-z0-9]{1,20}")


async def create_from_file(call: Call) -> None:
    """Make a dictionary from a PLS file."""
    lexicon = LexiconReader()
    form = await read_form(call, {_FILE: lexicon.feed})
    fields = DictionaryForm.checked(dict(form.texts))
    if _FILE not in form.file_names:
        raise UnprocessableError([FieldError(("body", _FILE), "Field required", "missing")])
    await _create(call, fields.name, fields.description, fields.workspace_access, lexicon.finish())


async def create_from_rules(call: Call) -> None:
    """Make a dictionary from rules."""
    body = await read_schema(call, CreateDictionaryBody)
    await _create(call, body.name, body.description, body.workspace_access, _records(body.rules))


async def list_dictionaries(call: Call) -> None:
    """List dictionaries by page."""
    query = DictionariesQuery.parse(call.query)
    if query.cursor and not _ID.fullmatch(query.cursor):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no cursor of an earlier page.", param="cursor")
    page = await call.open_ticket.ask(
        ListDictionaries(
            page_size=query.page_size,
            cursor=query.cursor or "",
            is_by_name=query.sort == "name",
            is_ascending=query.sort_direction.lower().startswith("asc"),
            includes_archived=query.include_archived,
        )
    )
    assert isinstance(page, DictionaryPage)
    await call.answer(
        {
            "pronunciation_dictionaries": [_metadata(view) for view in page.dictionaries],
            "next_cursor": page.next_cursor or None,
            "has_more": bool(page.next_cursor),
        }
    )


async def show(call: Call) -> None:
    """Show a dictionary with its latest rules."""
    dictionary_id = _id(call, 0)
    view = await _view(call, GetDictionary(dictionary_id=dictionary_id))
    found = await call.open_ticket.ask(ReadRules(dictionary_id=dictionary_id, version_id=view.version_id))
    assert isinstance(found, DictionaryRules)
    await call.answer(_metadata(view) | {"rules": [_wire_rule(rule) for rule in found.rules]})


async def edit(call: Call) -> None:
    """Change the name of a dictionary, or put it away."""
    body = await read_schema(call, EditDictionaryBody)
    question = EditDictionary(dictionary_id=_id(call, 0), name=body.name, is_archived=body.archived)
    await call.answer(_metadata(await _view(call, question)))


async def set_rules(call: Call) -> None:
    """Replace all rules."""
    body = await read_schema(call, RulesBody)
    await _answer_version(call, SetRules(dictionary_id=_id(call, 0), rules=_records(body.rules)))


async def add_rules(call: Call) -> None:
    """Add rules; one for the same string is replaced."""
    body = await read_schema(call, RulesBody)
    await _answer_version(call, AddRules(dictionary_id=_id(call, 0), rules=_records(body.rules)))


async def remove_rules(call: Call) -> None:
    """Remove the rules for some strings."""
    body = await read_schema(call, RuleStringsBody)
    strings = [string[: STRING_CHARACTERS_MAX + 1] for string in body.rule_strings]
    await _answer_version(call, RemoveRules(dictionary_id=_id(call, 0), strings=strings))


async def download(call: Call) -> None:
    """Answer with one version as a PLS file."""
    question = ReadRules(dictionary_id=_id(call, 0), version_id=_id(call, 1))
    found = await call.open_ticket.ask(question)
    assert isinstance(found, DictionaryRules)
    await call.answer_bytes(write_lexicon(found.rules), _LEXICON_TYPE.encode("ascii"), more=[_ATTACHMENT])


async def _create(
    call: Call, name: str, description: str | None, access: str | None, rules: list[PronunciationRule]
) -> None:
    _check_size(rules)
    question = CreateDictionary(name=name, description=description or "", access=access or "", rules=rules)
    view = await _view(call, question)
    await call.answer(
        {
            "id": view.dictionary_id,
            "name": view.name,
            "created_by": view.created_by,
            "creation_time_unix": view.created_unix,
            "version_id": view.version_id,
            "version_rules_num": view.rule_count,
            "description": view.description or None,
            "permission_on_resource": "admin",
        }
    )


async def _view(call: Call, question: Record) -> DictionaryView:
    answer = await call.open_ticket.ask(question)
    assert isinstance(answer, DictionaryView)
    return answer


async def _answer_version(call: Call, question: Record) -> None:
    made = await call.open_ticket.ask(question)
    assert isinstance(made, DictionaryVersion)
    await call.answer(
        {"id": made.dictionary_id, "version_id": made.version_id, "version_rules_num": made.rule_count}
    )


def _id(call: Call, index: int) -> str:
    """Return an id of the path.

    raises: EcholessError(DICTIONARY_NOT_FOUND) for what no id of ours looks like
    """
    found = call.path_id(index)
    if _ID.fullmatch(found):
        return found
    raise EcholessError(ErrorCode.DICTIONARY_NOT_FOUND, "There is no pronunciation dictionary with this id.")


def _records(rules: Sequence[AliasRule | PhonemeRule]) -> list[PronunciationRule]:
    records = [rule.as_record() for rule in rules]
    _check_size(records)
    return records


def _check_size(rules: Sequence[PronunciationRule]) -> None:
    if rules_bytes(rules) > RULES_BYTES_MAX:
        message = f"The rules are larger than {RULES_BYTES_MAX} bytes, which a pronunciation dictionary can hold."
        raise EcholessError(ErrorCode.FILE_TOO_LARGE, message, param="rules")


def _metadata(view: DictionaryView) -> dict[str, Any]:
    return {
        "id": view.dictionary_id,
        "latest_version_id": view.version_id,
        "latest_version_rules_num": view.rule_count,
        "name": view.name,
        "permission_on_resource": "admin",
        "created_by": view.created_by,
        "creation_time_unix": view.created_unix,
        "archived_time_unix": view.archived_unix or None,
        "description": view.description or None,
    }


def _wire_rule(rule: PronunciationRule) -> dict[str, Any]:
    said = (
        {"type": "alias", "alias": rule.alias}
        if rule.alias
        else {"type": "phoneme", "phoneme": rule.phoneme, "alphabet": rule.alphabet}
    )
    return said | {
        "string_to_replace": rule.string,
        "case_sensitive": rule.is_case_sensitive,
        "word_boundaries": rule.has_word_boundaries,
    }


_BASE: Final = "/v1/pronunciation-dictionaries"
ROUTES: Final = (
    Route(f"GET {_BASE}", list_dictionaries, "List pronunciation dictionaries", query=DictionariesQuery),
    Route(
        f"POST {_BASE}/add-from-file", create_from_file, "Make a pronunciation dictionary from a PLS file",
        form=DictionaryForm, form_files=(_FILE,),
    ),
    Route(
        f"POST {_BASE}/add-from-rules", create_from_rules, "Make a pronunciation dictionary from rules",
        body=CreateDictionaryBody,
    ),
    Route(f"GET {_BASE}/{{dict}}", show, "Show a pronunciation dictionary"),
    Route(f"PATCH {_BASE}/{{dict}}", edit, "Change a pronunciation dictionary", body=EditDictionaryBody),
    Route(f"POST {_BASE}/{{dict}}/set-rules", set_rules, "Replace all rules", body=RulesBody),
    Route(f"POST {_BASE}/{{dict}}/add-rules", add_rules, "Add rules", body=RulesBody),
    Route(f"POST {_BASE}/{{dict}}/remove-rules", remove_rules, "Remove rules", body=RuleStringsBody),
    Route(
        f"GET {_BASE}/{{dict}}/{{ver}}/download", download, "Download a version as a PLS file",
        media_types=(_LEXICON_TYPE,),
    ),
)  # fmt: skip
