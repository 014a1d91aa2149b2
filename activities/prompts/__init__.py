"""The prompts, one file a version. A version that was used never changes: make the next one."""

from dataclasses import dataclass
from importlib.resources import files

CURRENT = "market_analysis_v1"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told beside the market."""

    version: str
    system: str


def load_prompt(version: str = CURRENT) -> Prompt:
    """Read a version from its file.

    Raises:
        FileNotFoundError: There is no such version.
    """
    return Prompt(version, files(__package__).joinpath(f"{version}.md").read_text("utf-8"))
