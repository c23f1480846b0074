"""The unit, the image and the sample settings fit the program and each other, as far as reading them can tell."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from echoless.cli.health import health_command
from echoless.cli.serve import serve_command
from echoless.supervisor.config import KEY_FILE_KEY, VARIABLE_PREFIX, ServerConfig, resolve_config
from tests.house.sources import ROOT

pytestmark = pytest.mark.house
DEPLOY = ROOT / "deploy"
# After the gateways' deadline the supervisor waits a little for each kind of process.
STOP_MARGIN_S = 15


def unit() -> dict[str, list[str]]:
    """The keys of the unit with all their values, comments and sections left out."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "echoless.service").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def settings() -> dict[str, object]:
    return tomllib.loads((DEPLOY / "echoless.toml").read_text(encoding="utf-8"))


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


# --- systemd ---


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: the unit was read by our own test only")
    text = (DEPLOY / "echoless.service").read_text(encoding="utf-8")
    assert "/opt/echoless/.venv/bin/echoless" in text
    copy = tmp_path / "echoless.service"
    copy.write_text(text.replace("/opt/echoless/.venv/bin/echoless", "/bin/true"))
    # Words for a machine without a running systemd are no faults of the unit.
    result = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    assert not [line for line in result.stderr.splitlines() if "echoless.service" in line], result.stderr
    copy.write_text(text.replace("/opt/echoless/.venv/bin/echoless", "/bin/true").replace("KillMode=", "KillMood="))
    result = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    assert "KillMood" in result.stderr, "a fault in the unit would not be seen"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LimitMEMLOCK", "infinity"),
        ("MemorySwapMax", "0"),
        ("LimitCORE", "0"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("StateDirectoryMode", "0700"),
        # SIGTERM for all at once would end the vault before the gateways.
        ("KillMode", "mixed"),
        ("User", "echoless"),
        ("CapabilityBoundingSet", ""),
    ],
)
def test_the_unit_says_what_zero_retention_needs(key: str, value: str) -> None:
    assert unit()[key] == [value]


def test_the_unit_hides_nothing_that_the_server_reads_of_its_host() -> None:
    """Swap, the kernel's switches and its own processes are looked at; a filter of the unit would be in the way."""
    assert not {"SystemCallFilter", "ProcSubset", "MemoryDenyWriteExecute"} & unit().keys()


def test_the_unit_calls_the_program_as_it_is() -> None:
    for key, command in (("ExecStart", serve_command), ("ExecStartPost", health_command)):
        [line] = unit()[key]
        _program, name, *words = shlex.split(line)
        assert name == {"ExecStart": "serve", "ExecStartPost": "health"}[key]
        known = {
            parameter.removeprefix("is_").removesuffix("_s") for parameter in inspect.signature(command).parameters
        }
        assert {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")} <= known


def test_the_unit_waits_longer_than_the_server_drains() -> None:
    [wait] = unit()["TimeoutStopSec"]
    assert seconds(wait) >= float(str(settings()["drain_deadline_s"])) + STOP_MARGIN_S


def test_the_unit_may_write_where_the_settings_keep_things_and_nowhere_else() -> None:
    kept = [f"/var/lib/{name}" for name in unit()["StateDirectory"][0].split()]
    assert kept == [settings()["data"], settings()["models_directory"]]
    assert not {"ReadWritePaths", "BindPaths", "LogsDirectory", "CacheDirectory"} & unit().keys()


def test_the_sample_settings_are_taken_by_the_program(tmp_path: Path) -> None:
    text = (DEPLOY / "echoless.toml").read_text(encoding="utf-8")
    token = tmp_path / "token"
    token.write_text("0123456789abcdef")
    copy = tmp_path / "echoless.toml"
    copy.write_text(text.replace("/etc/echoless/metrics-token", str(token)))
    config = resolve_config({"config": str(copy)}, {}).config
    assert (config.durability, config.drain_deadline_s) == ("power", 30.0)
    assert config.metrics_token_file == str(token)


# --- the image ---


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> list[tuple[str, str]]:
    start = max(index for index, (name, _) in enumerate(instructions()) if name == "FROM")
    return instructions()[start:]


def values_of(name: str) -> list[str]:
    return [rest for found, rest in last_stage() if found == name]


def test_the_image_runs_as_an_ordinary_user_with_one_volume() -> None:
    [user] = values_of("USER")
    assert all(int(number) >= 1000 for number in user.split(":"))
    assert [json.loads(volume) for volume in values_of("VOLUME")] == [["/var/lib/echoless"]]
    names = [name for name, _ in last_stage()]
    # Nothing is put into the image by the user that runs it, nor after it was chosen.
    assert names.index("USER") > max(index for index, name in enumerate(names) if name in {"RUN", "COPY"})
    assert "ADD" not in {name for name, _ in instructions()}


def test_the_image_starts_the_program_itself() -> None:
    """A shell in between would take the signal to stop."""
    [entry], [words], [signal] = values_of("ENTRYPOINT"), values_of("CMD"), values_of("STOPSIGNAL")
    assert (json.loads(entry), json.loads(words), signal) == (["echoless"], ["serve"], "SIGTERM")
    [health] = values_of("HEALTHCHECK")
    assert json.loads(health.partition(" CMD ")[2]) == ["echoless", "health"]


def test_the_images_settings_are_settings() -> None:
    words = " ".join(values_of("ENV")).split()
    names = {word.partition("=")[0] for word in words}
    keys = {name.removeprefix(VARIABLE_PREFIX).lower() for name in names if name.startswith(VARIABLE_PREFIX)}
    assert {"data", "models_directory"} == keys
    assert "ECHOLESS_DATA=/var/lib/echoless" in words


def test_what_the_image_is_made_of_is_there_and_let_in() -> None:
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert "*" in ignore
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignore, f"{source} does not get into a build"


def test_the_images_python_has_the_embedded_recogniser() -> None:
    versions = {rest.split("python:")[1].split("-")[0] for name, rest in instructions() if name == "FROM"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [wheels] = [need for need in project["dependencies"] if need.startswith("pocketsphinx>=")]
    assert len(versions) == 1
    assert f"python_version == '{versions.pop()}'" in wheels


# --- compose ---


def services() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return found


def test_containers_have_a_read_only_root_no_swap_and_no_capabilities() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["mem_limit"] == service["memswap_limit"], f"{name} may swap"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"], (
            f"{name}: profiles must stay the runtime's own"
        )
        assert service["ulimits"]["core"] == 0  # type: ignore[index]  # a table in the sample
        assert "privileged" not in service


def test_the_server_writes_to_its_volumes_only_and_is_reached_through_the_proxy_only() -> None:
    server = services()["echoless"]
    assert server["volumes"] == ["vault:/var/lib/echoless", "models:/var/lib/echoless-models"]
    assert not {"ports", "tmpfs", "cap_add", "network_mode"} & server.keys()
    assert server["networks"] == ["inside"]
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert document["networks"]["inside"] == {"internal": True}
    [user] = values_of("USER")
    assert server["user"] == user


def test_the_containers_settings_are_taken_by_the_program() -> None:
    server = services()["echoless"]
    environment = {str(name): str(value) for name, value in dict(server["environment"]).items()}  # type: ignore[call-overload]  # a table in the sample
    keys = {name.removeprefix(VARIABLE_PREFIX).lower() for name in environment}
    assert keys <= {*ServerConfig.model_fields, KEY_FILE_KEY}
    config = resolve_config({}, {**environment, "ECHOLESS_DATA": "/var/lib/echoless"}).config
    assert (config.host, config.behind_proxy) == ("0.0.0.0", True)
    assert seconds(str(server["stop_grace_period"])) >= config.drain_deadline_s + STOP_MARGIN_S


def test_a_docker_that_is_there_finds_nothing_wrong_with_the_containers() -> None:
    docker = shutil.which("docker")
    has_compose = (
        docker and not subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    )
    if not docker or not has_compose:
        pytest.skip("docker compose is not installed: the file was read by our own tests only")
    command = [docker, "compose", "--file", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def test_the_health_command_is_in_the_program() -> None:
    command = [sys.executable, "-m", "echoless", "health", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0
    assert "--ready" in result.stdout
