"""E-mail addresses: one form, and a digest that only this installation can make."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.addresses import domain_of, lookup_digest, normal_address, subject_digest
from echoless.vault.stores.keyring import Keyring

pytestmark = pytest.mark.unit
KEYRING, OTHER = Keyring(bytes(32), b"p" * 32), Keyring(bytes(32), b"q" * 32)


@pytest.mark.parametrize("written", ["ada@example.org", " Ada@Example.ORG ", "ADA@EXAMPLE.ORG\n"])
def test_an_address_has_one_form_however_it_is_written(written: str) -> None:
    assert normal_address(written) == "ada@example.org"
    assert domain_of(normal_address(written)) == "example.org"


def test_letters_that_look_alike_composed_or_not_are_one_form() -> None:
    assert normal_address("jose\u0301@example.org") == normal_address("jos\u00e9@example.org")


@pytest.mark.parametrize(
    "text",
    ["", "ada", "@example.org", "ada@", "ada@localhost", "ada@.org", "a da@example.org", "a@b@example.org",
     "ada@example.org, eve@example.org", "Ada <ada@example.org>", "ada@example.org\r\nbcc: eve@example.org",
     "a" * 65 + "@example.org"],
)  # fmt: skip
def test_what_is_no_address_or_more_than_one_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(EcholessError) as caught:
        normal_address(text)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert caught.value.param == "email"
    assert caught.value.public_description == "This is no e-mail address."


def test_digests_are_keyed_and_of_different_things_differ() -> None:
    digest = lookup_digest(KEYRING, "ada@example.org")
    assert digest == lookup_digest(KEYRING, "ada@example.org") != lookup_digest(OTHER, "ada@example.org")
    assert digest != KEYRING.digest("ada@example.org")
    # Where the issuer ends and the name begins cannot be shifted.
    assert subject_digest(KEYRING, "https://a", "b:c") != subject_digest(KEYRING, "https://a:b", "c")
