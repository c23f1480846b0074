"""script/bootstrap, in a small checkout that needs nothing from a registry."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.sources import ROOT

pytestmark = pytest.mark.house

INTERPRETER = os.path.realpath(sys.executable)
# A build backend of its own, so that the package installs without a download.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "small-1-py3-none-any.whl"
    here = pathlib.Path(__file__).resolve().parent
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        wheel.writestr("small.pth", str(here))
        wheel.writestr("small-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1\\n")
        facts = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr("small-1.dist-info/WHEEL", facts)
        wheel.writestr("small-1.dist-info/RECORD", "")
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def bootstrap(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith(("ECHOLESS_", "PYTHON"))
    }
    return subprocess.run(
        [str(checkout / "script/bootstrap"), "runtime"],
        env=surroundings | {"ECHOLESS_PYTHON": INTERPRETER} | variables,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout below a path with a blank, with its environment made."""
    checkout = tmp_path_factory.mktemp("a checkout")
    (checkout / "script").mkdir()
    shutil.copy(ROOT / "script/bootstrap", checkout / "script/bootstrap")
    (checkout / "pyproject.toml").write_text(PYPROJECT)
    (checkout / "backend.py").write_text(BACKEND)
    (checkout / "small.py").write_text("answer = 42\n")
    (checkout / "requirements.lock").write_text("# nothing\n")
    (checkout / "requirements-elevenlabs-2.59.lock").write_text("# nothing\n")
    # Settings of a user's pip that would put packages somewhere else.
    done = bootstrap(checkout, PIP_USER="1", PIP_TARGET=str(checkout / "elsewhere"), PYTHONPATH="/nowhere")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{checkout}/.venv\n"
    assert "making the environment" in done.stderr
    assert not (checkout / "elsewhere").exists()
    return checkout


def copy_of(made: Path, folder: Path) -> Path:
    checkout = folder / "copy"
    shutil.copytree(made, checkout, ignore=shutil.ignore_patterns(".venv*"))
    return checkout


def imports_the_package(checkout: Path) -> bool:
    command = [str(checkout / ".venv/bin/python"), "-c", "import small; assert small.answer == 42"]
    return subprocess.run(command, cwd="/", timeout=30).returncode == 0


def test_the_environment_runs_the_package_from_anywhere(made: Path) -> None:
    assert imports_the_package(made)


def test_a_second_run_changes_nothing_and_says_nothing(made: Path) -> None:
    done = bootstrap(made)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{made}/.venv\n", "")


def test_a_changed_lock_is_installed_once(made: Path) -> None:
    lock = made / "requirements.lock"
    lock.write_text("# something else\n")
    assert "installing" in bootstrap(made).stderr
    assert bootstrap(made).stderr == ""
    lock.write_text("# nothing\n")
    assert bootstrap(made).returncode == 0


def test_only_what_has_its_hash_in_the_lock_is_installed(made: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "other-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.py", "")
        archive.writestr("other-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 1\n")
        archive.writestr(
            "other-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("other-1.dist-info/RECORD", "")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    lock = made / "requirements.lock"
    for refused in ("other==1\n", f"other==1 --hash=sha256:{'0' * 64}\n"):
        lock.write_text(refused)
        done = bootstrap(made, **offline)
        assert done.returncode != 0
        assert "could not be installed" in done.stderr
    lock.write_text(f"other==1 --hash=sha256:{right}\n")
    assert bootstrap(made, **offline).returncode == 0
    lock.write_text("# nothing\n")
    assert bootstrap(made).returncode == 0


def test_an_unfit_interpreter_is_named(made: Path) -> None:
    done = bootstrap(made, ECHOLESS_PYTHON="/bin/false", ECHOLESS_VENV=str(made / "other"))
    assert done.returncode == 1
    assert "ECHOLESS_PYTHON=/bin/false is not" in done.stderr
    assert not (made / "other").exists()


def test_a_python_that_this_user_cannot_run_is_passed_over(made: Path, tmp_path: Path) -> None:
    checkout = copy_of(made, tmp_path)
    program(tmp_path / "bin/python3", "exit 126")
    (tmp_path / "bin/python3.14").symlink_to(INTERPRETER)
    done = bootstrap(checkout, ECHOLESS_PYTHON="", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert f"({tmp_path}/bin/python3.14)" in done.stderr
    assert imports_the_package(checkout)


def test_without_ensurepip_a_pip_from_outside_installs(made: Path, tmp_path: Path) -> None:
    if subprocess.run([INTERPRETER, "-m", "pip", "--version"], capture_output=True, timeout=30).returncode:
        pytest.skip("the interpreter of these tests has no pip of its own")
    checkout = copy_of(made, tmp_path)
    bare = program(
        tmp_path / "bin/bare", f'case "$*" in *"import ensurepip"*) exit 1 ;; esac\nexec "{INTERPRETER}" "$@"'
    )
    done = bootstrap(checkout, ECHOLESS_PYTHON=str(bare))
    assert done.returncode == 0, done.stderr
    assert not (checkout / ".venv/bin/pip").exists()
    assert imports_the_package(checkout)


def test_a_moved_checkout_gets_a_new_environment(made: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(made, moved, symlinks=True)
    done = bootstrap(moved)
    assert "making the environment" in done.stderr
    assert imports_the_package(moved)
