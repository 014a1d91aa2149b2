import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from workers.settings import Settings
from workers.stack.run_directory import CHECKOUT, RunDirectory


def test_one_stack_at_a_time(tmp_path: Path) -> None:
    first, second = RunDirectory(tmp_path), RunDirectory(tmp_path)
    assert first.claim() is None
    assert second.claim() == os.getpid()
    assert second.running_pid() == os.getpid()
    first.release()
    assert second.running_pid() is None
    assert second.claim() is None
    second.release()


def test_stopping_nothing_says_so(tmp_path: Path) -> None:
    assert not RunDirectory(tmp_path / "never-made").stop_running()


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    made = RunDirectory(tmp_path).secrets()
    assert RunDirectory(tmp_path).secrets() == made
    assert set(made) == {"BOTCORE_JWT_SECRET", "BOTCORE_CREDENTIALS_KEY"}
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    (tmp_path / "other").mkdir()
    assert RunDirectory(tmp_path / "other").secrets() != made


def test_what_is_published_holds_no_secret_and_ends_with_the_stack(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.claim()
    secret = SecretStr("never written down, and quite long")
    directory.publish(Settings(jwt_secret=secret, credentials_key=secret, api_port=9))
    assert directory.published()["api_port"] == 9
    assert "never written" not in (tmp_path / "stack.json").read_text()
    directory.release()
    assert directory.published() == {}


def test_the_log_before_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.logs.mkdir()
    directory.fresh_log("api").write_text("first run")
    assert not directory.fresh_log("api").exists()
    assert (directory.logs / "api.log.1").read_text() == "first run"


def test_nothing_outside_the_checkout_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with pytest.raises(ValueError, match="outside the checkout"):
        RunDirectory(tmp_path).delete()
    with pytest.raises(ValueError, match="outside the checkout"):
        RunDirectory(CHECKOUT).delete()
    assert (tmp_path / "kept").exists()
