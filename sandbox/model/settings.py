"""Settings of the model: command line first, then `SANDBOX_MODEL_…` variables, then defaults."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen at start.

    Attributes:
        names: The models that are served.
        key: The only key that is good; any is, if empty.
        requests_per_minute: By key.
        tokens_per_minute: By key, of prompts.
    """

    host: str
    port: int
    names: tuple[str, ...]
    key: str
    requests_per_minute: int
    tokens_per_minute: int


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Read the command line (`None` for the process's own) and the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.model",
        description="A model that speaks OpenAI's API, for development and tests.",
    )

    def option(name: str, default: str, help_text: str) -> None:
        variable = "SANDBOX_MODEL_" + name.upper().replace("-", "_")
        value = os.environ.get(variable, default)
        parser.add_argument(f"--{name}", default=value, help=f"{help_text} [{variable}]")

    option("host", "127.0.0.1", "address to listen on")
    option("port", "8200", "port to listen on; 0 picks a free one")
    option("names", "sandbox-rule-1,sandbox-rule-1-mini", "models that are served, by comma")
    option("key", "", "the only key that is good; any is, if empty")
    option("requests-per-minute", "10000", "by key")
    option("tokens-per-minute", "10000000", "by key, of prompts")
    chosen = parser.parse_args(arguments)
    return Settings(
        host=chosen.host,
        port=int(chosen.port),
        names=tuple(chosen.names.split(",")),
        key=chosen.key,
        requests_per_minute=int(chosen.requests_per_minute),
        tokens_per_minute=int(chosen.tokens_per_minute),
    )
