"""Pronunciation dictionaries: used by zero-retention requests, and refused with everything that was in them.

A dictionary is kept by its nature; a request that only uses one leaves nothing, and neither does a dictionary that
was not taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import DICTIONARIES, Groundwork
from echoless.audit.planting import Form, FormPart, Planting, mode_name
from echoless.audit.plantings.places import switch_of
from echoless.audit.plantings.text_to_speech import MODEL, SEED, SPEECH

_LEXICON: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><lexicon version="1.0" alphabet="ipa" xml:lang="en-GB" '
    'xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"><lexeme><grapheme>{grapheme}</grapheme>'
    "<alias>{alias}</alias>{rest}</lexicon>"
)
_ENDS: Final = "</lexeme>"


def dictionary_plantings(mint: CanaryMint, groundwork: Groundwork, *, kept_too: bool) -> Iterator[Planting]:
    """Yield requests that use a dictionary, and dictionaries that are not taken."""
    yield from _used(mint, groundwork, is_kept=False)
    yield from _refused_forms(mint)
    yield from _refused_rules(mint, groundwork)
    if kept_too:
        yield from _used(mint, groundwork, is_kept=True)


def _used(mint: CanaryMint, groundwork: Groundwork, *, is_kept: bool) -> Iterator[Planting]:
    name = f"{mode_name(is_kept)}/dictionary used"
    text = mint.plain(f"{name}/text", 60, is_kept=is_kept)
    said = f"{text.text} {groundwork.string.text}"
    body: dict[str, object] = {
        "text": said,
        "model_id": MODEL,
        "seed": SEED,
        "pronunciation_dictionary_locators": groundwork.locators,
    }
    path = f"{SPEECH}/stream?output_format=mp3_22050_32{switch_of(is_kept)}"
    yield Planting(name, is_kept, "POST", path, body, text=text, output_format="mp3_22050_32", kept_text=said)
    unknown = mint.plain(f"{name}/unknown", 20, is_kept=False).words[0]
    locators = [{"pronunciation_dictionary_id": unknown}]
    body = {"text": mint.plain(f"{name}/refused", 60, is_kept=False).text, "model_id": MODEL}
    yield Planting(
        f"{name}/unknown", is_kept, "POST", path, body | {"pronunciation_dictionary_locators": locators},
        statuses=(404,),
    )  # fmt: skip


def _refused_forms(mint: CanaryMint) -> Iterator[Planting]:
    """Yield files that are no lexicon, with a canary in every place of the form."""
    for number, (problem, rest) in enumerate({"broken": "", "without a name": _ENDS}.items()):
        name = f"kept/dictionary/{problem}"

        def word(part: str, name: str = name) -> str:
            return mint.plain(f"{name}/{part}", 30, is_kept=False).words[0]

        lexicon = _LEXICON.format(grapheme=word("grapheme"), alias=word("alias"), rest=rest)
        file = FormPart(
            "file", lexicon.encode(), f"{word('file name')}.pls", f"application/{word('media type')}",
            {f"x-{word('part header')}": word("part header value")},
        )  # fmt: skip
        fields = [FormPart(word("unknown field"), word("unknown value").encode()), file]
        if number == 0:
            fields += [FormPart("name", word("name").encode()), FormPart("description", word("text").encode())]
        yield Planting(
            name, True, "POST", f"{DICTIONARIES}/add-from-file", Form(word("boundary"), tuple(fields)),
            statuses=(400, 422),
        )  # fmt: skip


def _refused_rules(mint: CanaryMint, groundwork: Groundwork) -> Iterator[Planting]:
    def word(part: str) -> str:
        return mint.plain(f"kept/dictionary/refused rules/{part}", 30, is_kept=False).words[0]

    rule = {"type": word("type"), "string_to_replace": word("string"), "alias": word("alias")}
    body = {"name": word("name"), "rules": [rule], word("unknown key"): word("unknown value")}
    name = "kept/dictionary/refused rules"
    yield Planting(name, True, "POST", f"{DICTIONARIES}/add-from-rules", body, statuses=(422,))
    address = f"{DICTIONARIES}/{word('id')}/add-rules"
    rule = {"type": "alias", "string_to_replace": word("other string"), "alias": word("other alias")}
    yield Planting(f"{name}/unknown id", True, "POST", address, {"rules": [rule]}, statuses=(404,))
    address = f"{DICTIONARIES}/{groundwork.dictionary_id}/remove-rules?enable_logging=false"
    body = {"rule_strings": [word("not there")]}
    # Dictionaries are not eligible: whoever asks for nothing to be kept is told so, and nothing is.
    yield Planting(f"{name}/not eligible", False, "POST", address, body, statuses=(400,))
