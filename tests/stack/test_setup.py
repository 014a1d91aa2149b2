"""The set-up that `make run` and `make test` share, and the locks that it installs."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-server.lock")
# What a machine without apt still has.
COREUTILS = ("awk", "basename", "cat", "cut", "dirname", "env", "grep", "id", "mkdir", "sh", "tr")


def locked(lock: str) -> dict[str, str]:
    text = (REPOSITORY / lock).read_text()
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[.*?\])?==(\S+)", text, re.MULTILINE))


def normalized(requirement: str) -> str:
    name = re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry_and_no_machine(lock: str) -> None:
    lines = (REPOSITORY / lock).read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith(("-", "/"))]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock: str) -> None:
    text = (REPOSITORY / lock).read_text()
    pins = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(pins) > 50
    assert not [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin]


def test_everything_that_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    everything = project["dependencies"] + [one for extra in extras.values() for one in extra]
    assert {normalized(one) for one in everything} <= set(locked("requirements.lock"))
    for_servers = project["dependencies"] + extras["sandbox"]
    assert {normalized(one) for one in for_servers} <= set(locked("requirements-server.lock"))


def test_servers_run_what_the_tests_ran() -> None:
    tested = locked("requirements.lock")
    for name, version in locked("requirements-server.lock").items():
        assert tested[name] == version, name


def test_set_up_names_what_to_install_where_there_is_no_apt(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in COREUTILS:
        found = shutil.which(name)
        assert found is not None, name
        (programs / name).symlink_to(found)
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(REPOSITORY / "scripts" / "bootstrap", tmp_path / "scripts")
    refused = subprocess.run(  # noqa: S603 - this repository's script
        (script,), env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "python3 python3-venv redis-server" in refused.stderr
    assert "docker compose up" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_help_lists_every_target_that_the_readme_knows() -> None:
    make = shutil.which("make")
    assert make is not None
    listed = subprocess.run(  # noqa: S603 - make, and this repository's Makefile
        (make, "--no-print-directory", "-C", str(REPOSITORY), "help"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    targets = set(re.findall(r"^  make (\w+) ", listed, re.MULTILINE))
    assert {"run", "tour", "stop", "reset", "check", "test", "bench", "lock"} <= targets
    named = set(re.findall(r"`?make (\w+)", (REPOSITORY / "README.md").read_text()))
    assert named <= targets
