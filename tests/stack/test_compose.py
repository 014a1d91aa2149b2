"""docker-compose.yml, Settings, README and the local stack describe one system."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.dashboard import DIST
from workers.settings import Settings
from workers.stack.addresses import variable
from workers.stack.parts import PARTS
from workers.stack.servers import TEMPORAL_LIST_ATTRIBUTES, TEMPORAL_SEARCH_ATTRIBUTES, Place

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE_TEXT = (REPOSITORY / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
README = (REPOSITORY / "README.md").read_text()

# Services that a server needs around a part of the local stack, and the part they serve.
SUPPORT = {
    "mongodb-2": "mongodb",
    "mongodb-3": "mongodb",
    "mongodb-init": "mongodb",
    "proxy": "api",
    "temporal-init": "temporal",
    "temporal-postgresql": "temporal",
    "temporal-schema": "temporal",
    "temporal-ui": "temporal",
}
OURS = {part.name: part for part in PARTS if part.ours}


def ours_environment(name: str) -> dict[str, str]:
    return {
        key: value
        for key, value in SERVICES[name].get("environment", {}).items()
        if key.startswith("BOTCORE_")
    }


def test_every_part_has_its_service_and_every_service_its_part() -> None:
    parts = {part.name for part in PARTS}
    assert set(SUPPORT.values()) <= parts
    assert set(SERVICES) == parts | set(SUPPORT)


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_process_runs_the_same_module_in_both(name: str) -> None:
    launch = OURS[name].launch(Place(0, Path()))
    assert SERVICES[name]["command"] == [launch.command[-1]]


def test_no_variable_that_settings_lack() -> None:
    known = {variable(field) for field in Settings.model_fields}
    for name in OURS:
        assert set(ours_environment(name)) <= known, name


def test_every_address_and_secret_of_the_local_stack_is_given_to_servers() -> None:
    addresses = {part.setting for part in PARTS} | {part.ui_setting for part in PARTS}
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    wanted = {variable(field) for field in addresses | required if field}
    for name in OURS:
        assert wanted <= set(ours_environment(name)), name


def test_all_of_ours_have_the_same_settings() -> None:
    environments = [ours_environment(name) for name in OURS]
    assert all(one == environments[0] for one in environments)


def test_secrets_have_no_defaults() -> None:
    interpolated = re.findall(r"\$\{(\w*(?:SECRET|PASSWORD|KEY)\w*)(:[^}]*|)\}", COMPOSE_TEXT)
    assert len(interpolated) > 5
    for name, rest in interpolated:
        assert rest.startswith(":?"), name


def test_images_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]
    for image in images:
        tag = image.rpartition(":")[2]
        assert tag not in {"", "latest"}, image
        assert ":" in image, image


def test_only_the_proxy_is_open_to_the_network() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert name == "proxy" or port.startswith("127.0.0.1:"), (name, port)


def test_the_image_has_what_its_file_copies_and_the_dashboard_where_the_api_looks() -> None:
    copies = re.findall(r"^COPY ((?:--from=\S+ )?)(.*) (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    let_in = (REPOSITORY / ".dockerignore").read_text().splitlines()
    ours = [source for stage, sources, _ in copies if not stage for source in sources.split()]
    assert {"api", "dashboard/src"} <= set(ours)
    assert [source for source in ours if f"!{source}" not in let_in] == []
    assert all((REPOSITORY / source).exists() for source in ours)
    assert str(DIST.relative_to(REPOSITORY)) in [target for stage, _, target in copies if stage]


def test_operators_find_workflows_by_the_same_attributes() -> None:
    script = (REPOSITORY / "docker" / "temporal-init.sh").read_text()
    names, lists = re.findall(r"for name in (.*); do", script)
    assert tuple(names.split()) == TEMPORAL_SEARCH_ATTRIBUTES
    assert tuple(lists.split()) == TEMPORAL_LIST_ATTRIBUTES


def test_the_readme_explains_every_setting_and_no_other() -> None:
    table = set(re.findall(r"^\| `(BOTCORE_\w+)` \|", README, flags=re.MULTILINE))
    assert table == {variable(field) for field in Settings.model_fields}


def test_the_readme_names_every_secret_of_the_servers() -> None:
    for name in set(re.findall(r"\$\{(\w+):\?", COMPOSE_TEXT)):
        assert f"`{name}`" in README, name


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_compose_accepts_the_file() -> None:
    required = dict.fromkeys(re.findall(r"\$\{(\w+):\?", COMPOSE_TEXT), "x")
    compose = ("docker-compose", "--file", str(REPOSITORY / "docker-compose.yml"))
    subprocess.run(  # noqa: S603 - this repository's file and Debian's program
        (*compose, "config", "--quiet"), env={**os.environ, **required}, check=True, timeout=60
    )
