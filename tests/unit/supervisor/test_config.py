"""The configuration: what wins, what is refused, and that no message shows a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.config import ServerConfig, default_data_directory, is_loopback, resolve_config

pytestmark = pytest.mark.unit

HOME = {"HOME": "/home/someone"}
VOICE = "JBFqnCBsd6RMkjVDRZzb"


def refusal(flags: dict[str, object], environ: dict[str, str]) -> EcholessError:
    with pytest.raises(EcholessError) as caught:
        resolve_config(flags, environ)
    assert caught.value.code is ErrorCode.CONFIGURATION
    return caught.value


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text('port = 1001\ngateways = 3\nengines = 4\n[voice_aliases]\nmine = "JBFqnCBsd6RMkjVDRZzb"\n')
    environ = HOME | {"ECHOLESS_CONFIG": str(file), "ECHOLESS_PORT": "1002", "ECHOLESS_ENGINES": "5"}
    resolved = resolve_config({"engines": 6, "host": None}, environ)
    assert (resolved.config.gateways, resolved.config.port, resolved.config.engines) == (3, 1002, 6)
    assert resolved.config.host == "127.0.0.1"
    assert resolved.config.voice_aliases == {"mine": "JBFqnCBsd6RMkjVDRZzb"}
    origins = resolved.origins
    assert [origins[key] for key in ("host", "gateways", "port", "engines")] == [
        "default",
        "file",
        "variable",
        "flag",
    ]


def test_a_flag_names_the_file(tmp_path: Path) -> None:
    file, other = tmp_path / "one.toml", tmp_path / "other.toml"
    file.write_text("port = 1001\n")
    other.write_text("port = 1002\n")
    environ = HOME | {"ECHOLESS_CONFIG": str(file)}
    assert resolve_config({"config": str(other)}, environ).config.port == 1002


@pytest.mark.parametrize("environ", [HOME | {"ECHOLESS_PORTT": "1"}, HOME | {"ECHOLESS_RETENTION": "off"}])
def test_unknown_variables_fail(environ: dict[str, str]) -> None:
    assert "is no setting" in refusal({}, environ).public_description


def test_unknown_keys_of_the_file_fail(tmp_path: Path) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text("assurence = 'best_effort'\n")
    error = refusal({"config": str(file)}, HOME)
    assert error.param == "assurence"


def test_missing_keys_take_the_stricter_meaning() -> None:
    config = resolve_config({}, HOME).config
    assert config.assurance == "strict"
    assert config.scrubbing
    assert config.allocator_profile
    assert not config.audit_view
    assert (config.unknown_voice, config.unknown_model) == ("error", "error")
    assert is_loopback(config.host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "speech.example", ""])
def test_other_addresses_than_loopback_need_tls_or_a_proxy(host: str) -> None:
    refusal({"host": host}, HOME)
    if host:
        assert resolve_config({"host": host, "behind_proxy": True}, HOME).config.host == host
        assert resolve_config({"host": host, "tls_self_signed": True}, HOME).config.has_tls


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_tls(host: str) -> None:
    assert not resolve_config({"host": host}, HOME).config.has_tls


def test_certificate_and_key_belong_together() -> None:
    assert "belong together" in refusal({"tls_cert": "a.pem"}, HOME).public_description
    both = {"tls_cert": "a.pem", "tls_key": "b.pem"}
    assert "its own certificate" in refusal(both | {"tls_self_signed": True}, HOME).public_description


def test_a_file_of_settings_may_not_hold_the_key(tmp_path: Path) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text('api_key = "sk_0123456789abcdef"\n')
    assert "sk_0123456789abcdef" not in str(refusal({"config": str(file)}, HOME))


def test_the_key_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk_0123456789abcdef\n")
    config = resolve_config({"api_key_file": str(file)}, HOME).config
    assert config.api_key is not None
    assert config.api_key.get_secret_value() == "sk_0123456789abcdef"
    assert "sk_0123456789abcdef" not in repr(config)
    both = HOME | {"ECHOLESS_API_KEY": "sk_abcdefghijklmnop"}
    assert "not both" in refusal({"api_key_file": str(file)}, both).public_description


@pytest.mark.parametrize(
    "key", ["short", "has a blank in its middle", "ünïcödé-key-of-mine", "x" * 65, 'quoted"key-of-mine']
)
def test_a_key_that_no_header_could_carry_is_refused(key: str) -> None:
    assert key not in str(refusal({}, HOME | {"ECHOLESS_API_KEY": key}))


def test_no_message_shows_a_value() -> None:
    secret = "7f3a-canary"
    for variable in ("ECHOLESS_PORT", "ECHOLESS_ASSURANCE", "ECHOLESS_VOICE_ALIASES", "ECHOLESS_TLS_SELF_SIGNED"):
        assert secret not in str(refusal({}, HOME | {variable: secret}))


def test_tables_can_be_given_as_variables() -> None:
    environ = HOME | {
        "ECHOLESS_VOICE_ALIASES": f"a={VOICE}, c={VOICE}",
        "ECHOLESS_CHARACTER_LIMITS": "eleven_v3=10",
    }
    config = resolve_config({}, environ).config
    assert config.voice_aliases == {"a": VOICE, "c": VOICE}
    assert config.character_limits == {"eleven_v3": 10}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/a"}, "/home/a/.local/share/echoless"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "/srv/x"}, "/srv/x/echoless"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "relative"}, "/home/a/.local/share/echoless"),
        ({"HOME": ""}, "data"),
        ({}, "data"),
    ],
)
def test_data_has_a_place_even_without_a_home(environ: dict[str, str], expected: str) -> None:
    assert default_data_directory(environ) == expected
    assert resolve_config({}, environ).config.data == expected


def test_the_configuration_cannot_change_afterwards() -> None:
    config = ServerConfig(data="x")
    with pytest.raises(ValueError, match="frozen"):
        config.assurance = "best_effort"  # type: ignore[misc]  # the point of this test


@pytest.mark.parametrize("text", ["port = ", "\x00", "port 1"])
def test_an_unreadable_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text(text)
    refusal({"config": str(file)}, HOME)
    refusal({"config": str(tmp_path / "absent.toml")}, HOME)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ECHOLESS_UNKNOWN_VOICE", "nope"), ("ECHOLESS_VOICE_ALIASES", "a=nope"),
        ("ECHOLESS_UNKNOWN_MODEL", "nope"),
        ("ECHOLESS_MODEL_ALIASES", "a=nope"), ("ECHOLESS_CHARACTER_LIMITS", "nope=5"),
        ("ECHOLESS_VOICE_ALIASES", "a=error"), ("ECHOLESS_MODEL_ALIASES", "a=error"),
    ],
)  # fmt: skip
def test_names_of_voices_and_models_that_do_not_exist_are_refused(variable: str, value: str) -> None:
    """A setting that does nothing, or stops the server only when it starts, is found by the check."""
    error = refusal({}, HOME | {variable: value})
    assert variable.removeprefix("ECHOLESS_").lower() in error.public_description
    assert "nope" not in error.public_description


@pytest.mark.parametrize("engine", ["embedded", "espeak-ng", "local:piper-thorsten", "local:a.b_c"])
def test_a_model_may_be_mapped_to_an_engine(engine: str) -> None:
    config = resolve_config({}, HOME | {"ECHOLESS_MODEL_ENGINES": f"eleven_v3={engine}"}).config
    assert config.model_engines == {"eleven_v3": engine}


@pytest.mark.parametrize(
    "value",
    ["nope=local:x", "eleven_v3=piper", "eleven_v3=local:", "eleven_v3=local:../x", "eleven_v3=remote:nobody"],
)
def test_what_cannot_be_an_engine_is_refused(value: str) -> None:
    assert "model_engines" in refusal({}, HOME | {"ECHOLESS_MODEL_ENGINES": value}).public_description


def test_models_lie_beside_the_data_and_never_in_it(tmp_path: Path) -> None:
    """Engines may read the one and must not read the other."""
    data = tmp_path / "data"
    assert ServerConfig(data=str(data)).models_path == tmp_path / "data-models"
    assert ServerConfig(data=str(data), models_directory=str(tmp_path / "m")).models_path == tmp_path / "m"
    for models in (data, data / "models", tmp_path):
        flags: dict[str, object] = {"data": str(data), "models_directory": str(models)}
        assert "must lie apart" in refusal(flags, HOME).public_description


@pytest.mark.parametrize("ports", ["", "0", "65536", "443,x", "443,", " 443", "443;80", ",".join(["443"] * 17)])
def test_ports_that_cannot_be_are_refused(ports: str) -> None:
    with pytest.raises(ValidationError, match="outbound_ports are 1 to 16 numbers"):
        ServerConfig(data="/tmp", outbound_ports=ports)
    assert ServerConfig(data="/tmp", outbound_ports="443,65535").outbound_ports == "443,65535"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("remotes = 3", "remotes: must be a table"),
        ("[remotes]\none = 3", "remotes.one: must be a table"),
        ('[remotes.one]\nkind = "openai"\nurl = "https://x.example"', "remotes.one: a remote sees content"),
    ],
)
def test_faults_of_remotes_are_told_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text(text)
    assert refusal({"config": str(file)}, HOME).public_description.startswith(words)


def test_remotes_are_for_a_file_and_no_variable() -> None:
    assert "file" in refusal({}, HOME | {"ECHOLESS_REMOTES": "one=two"}).public_description
