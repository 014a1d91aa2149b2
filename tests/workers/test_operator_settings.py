from pathlib import Path

import pytest

from workers.operator_settings import NoSettingsError, operator_settings
from workers.settings import Settings
from workers.stack.run_directory import RunDirectory


@pytest.fixture
def local(tmp_path: Path) -> RunDirectory:
    """A directory in which a stack has run, and is said to run."""
    directory = RunDirectory(tmp_path)
    directory.secrets()
    directory.claim()
    return directory


def test_the_local_stacks_settings_need_no_environment(local: RunDirectory) -> None:
    secrets = local.secrets()
    running = Settings(
        jwt_secret=secrets["BOTCORE_JWT_SECRET"],
        credentials_key=secrets["BOTCORE_CREDENTIALS_KEY"],
        temporal_address="127.0.0.1:7999",
    )
    local.publish(running)
    try:
        assert operator_settings(local.root) == running
    finally:
        local.release()


def test_the_environment_goes_first(local: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCORE_CREDENTIALS_KEY", "another")
    monkeypatch.setenv("BOTCORE_TEMPORAL_ADDRESS", "elsewhere:7233")
    settings = operator_settings(local.root)
    local.release()
    assert settings.credentials_key.get_secret_value() == "another"
    assert settings.temporal_address == "elsewhere:7233"


def test_without_either_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoSettingsError, match="set BOTCORE_JWT_SECRET, BOTCORE_CREDENTIALS_KEY"):
        operator_settings(tmp_path)
