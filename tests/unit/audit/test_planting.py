"""A form is what RFC 7578 says, and prints without what it carries."""

from __future__ import annotations

import email

import pytest

from echoless.audit.planting import Form, FormPart, Planting, Script, mode_name

pytestmark = pytest.mark.unit

FORM = Form(
    "secret-boundary",
    (
        FormPart("model_id", b"secret-value"),
        FormPart("file", b"\x00\r\n\xff", "secret-name.wav", "audio/wav", {"x-note": "secret-header"}),
    ),
)


def test_a_form_is_read_back_by_the_standard_library() -> None:
    head = f"content-type: {FORM.media_type}\r\n\r\n".encode()
    field, file = email.message_from_bytes(head + FORM.encoded()).get_payload()
    assert not isinstance(field, str)
    assert not isinstance(file, str)
    assert field.get_param("name", header="content-disposition") == "model_id"
    assert field.get_payload(decode=True) == b"secret-value"
    assert (file.get_filename(), file.get_content_type(), file["x-note"]) == (
        "secret-name.wav", "audio/wav", "secret-header",
    )  # fmt: skip


def test_raw_bytes_stand_in_the_body_as_they_are() -> None:
    assert b"\r\n\r\n\x00\r\n\xff\r\n--secret-boundary--" in FORM.encoded()


def test_forms_and_scripts_print_without_content() -> None:
    planting = Planting("it", False, "WS", "/v1", Script(("secret-frame",)))
    assert "secret" not in repr(FORM) + repr(planting) + repr(planting.body)
    assert planting.is_socket
    assert not Planting("it", False, "POST", "/v1", FORM).is_socket


def test_modes_have_names() -> None:
    assert (mode_name(True), mode_name(False)) == ("kept", "zero")
