"""`echoless audit`: which server it audits, and what it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.audit import running_server as server_of
from echoless.core.errors import EcholessError, ErrorCode
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_the_running_server_is_found_by_its_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("sk_of_a_file\n")
    data = tmp_path / "data"
    monkeypatch.setenv("ECHOLESS_API_KEY", "sk_of_a_variable")
    with running_server(data, {}):
        by_variable = server_of(data, None, None)
        by_file = server_of(data, "https://elsewhere", key_file)
    assert (by_variable.url, by_variable.supervisor_pid) == ("http://127.0.0.1:1", 1)
    assert by_variable.api_key == "sk_of_a_variable"
    assert (by_file.url, by_file.api_key) == ("https://elsewhere", "sk_of_a_file")
    assert "sk_of" not in repr(by_file)


def test_without_a_key_or_a_server_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECHOLESS_API_KEY", raising=False)
    with pytest.raises(EcholessError) as nobody:
        server_of(tmp_path, None, None)
    assert nobody.value.code is ErrorCode.DATA_DIRECTORY
    with running_server(tmp_path, {}), pytest.raises(EcholessError) as keyless:
        server_of(tmp_path, None, None)
    assert keyless.value.code is ErrorCode.CONFIGURATION


def test_an_address_alone_is_not_enough(run: Run) -> None:
    result = run("audit", "--url", "http://127.0.0.1:1")
    assert isinstance(result.exception, EcholessError)
    assert "--data" in result.exception.public_description


@pytest.mark.parametrize("kind", ["--lab", "--mutations", "--leaks"])
def test_an_audit_with_servers_of_its_own_takes_nobody_elses(run: Run, kind: str, tmp_path: Path) -> None:
    result = run("audit", kind, "--data", str(tmp_path))
    assert isinstance(result.exception, EcholessError)
    assert "servers of its own" in result.exception.public_description


def test_only_one_kind_of_audit_runs_at_a_time(run: Run) -> None:
    result = run("audit", "--mutations", "--leaks")
    assert isinstance(result.exception, EcholessError)
    assert result.exception.code is ErrorCode.INVALID_PARAMETERS


def test_a_server_over_the_network_needs_its_address_and_a_key_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECHOLESS_API_KEY", raising=False)
    keyless = run("audit", "--live", "http://127.0.0.1:9")
    assert isinstance(keyless.exception, EcholessError)
    assert keyless.exception.code is ErrorCode.CONFIGURATION
    monkeypatch.setenv("ECHOLESS_API_KEY", "sk_of_a_variable")
    unreached = run("audit", "--live", "http://127.0.0.1:9")
    assert isinstance(unreached.exception, EcholessError)
    assert "cannot be reached" in unreached.exception.public_description
    with_lab = run("audit", "--live", "http://127.0.0.1:9", "--lab")
    assert isinstance(with_lab.exception, EcholessError)
    assert "--live" in with_lab.exception.public_description


@pytest.mark.parametrize("form", ["--json", "--html", "--pdf"])
def test_a_report_that_has_no_place_is_refused_before_the_audit(run: Run, tmp_path: Path, form: str) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "report"):
        result = run("audit", form, str(place), "--part", "there is none")
        assert isinstance(result.exception, EcholessError)
        assert result.exception.public_description == f"cannot write {place}"


def test_a_report_that_has_a_place_is_not_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("audit", "--json", "report.json", "--part", "there is none")
    assert isinstance(result.exception, EcholessError)
    assert "has the parts" in result.exception.public_description
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        ("--lab", "--only"), ("--lab", "--soak"), ("--mutations", "--only"), ("--mutations", "--part"),
        ("--leaks", "--part"), ("--leaks", "--soak"),
    ],
)  # fmt: skip
def test_what_would_have_no_effect_is_refused(run: Run, kind: str, option: str) -> None:
    result = run("audit", kind, option, "3")
    assert isinstance(result.exception, EcholessError)
    assert option in result.exception.public_description


def test_a_file_of_a_key_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    result = run("audit", "--live", "http://127.0.0.1:9", "--api-key-file", str(tmp_path / "none"))
    assert isinstance(result.exception, EcholessError)
    assert "cannot be read" in result.exception.public_description
