"""The settings for what operators type in another terminal."""

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workers.settings import Settings
from workers.stack.run_directory import DEFAULT_DIRECTORY, RunDirectory

_PREFIX = "BOTCORE_"


class NoSettingsError(RuntimeError):
    """It is not known which system is meant; the message says what to do."""


def operator_settings(directory: Path = DEFAULT_DIRECTORY) -> Settings:
    """Return the environment's settings, and the local stack's where the environment has none.

    Raises:
        NoSettingsError: Secrets are in neither, or a setting is not valid.
    """
    local = RunDirectory(directory)
    secrets = {
        name.removeprefix(_PREFIX).lower(): value for name, value in local.kept_secrets().items()
    }
    known: dict[str, Any] = {**local.published(), **secrets}
    given = {name.removeprefix(_PREFIX).lower() for name in os.environ if name.startswith(_PREFIX)}
    try:
        return Settings(**{name: value for name, value in known.items() if name not in given})
    except ValidationError as error:
        wrong = ", ".join(f"{_PREFIX}{str(each['loc'][0]).upper()}" for each in error.errors())
        raise NoSettingsError(
            f"set {wrong} as the system has them, or start one here with make run"
        ) from error
