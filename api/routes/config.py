"""What a client has to know before it signs in."""

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from api.dependencies import ServicesOf
from api.json_codec import ExactJSONResponse, answer
from api.routing import edge_router
from api.schemas import AnswerModel

router = edge_router("/api/config", "Health")

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


class Configuration(AnswerModel):
    """Where the WebSocket gateway is, and which venue orders go to.

    `workflows_url` and a `/` and a workflow's id are its page for operators.
    """

    ws_url: str
    workflows_url: str
    venue: str
    version: str


@cache
def product_version() -> str:
    """Return the installed version, or that of the checkout that runs without being installed."""
    try:
        return version("bot-core")
    except PackageNotFoundError:
        return str(tomllib.loads(_PROJECT.read_text())["project"]["version"])


@router.get("", response_model=Configuration)
async def configuration(services: ServicesOf) -> ExactJSONResponse:
    """Answer without a sign-in."""
    settings = services.settings
    return answer(
        {
            "ws_url": settings.websocket_url,
            "workflows_url": settings.workflows_url,
            "venue": settings.venue,
            "version": product_version(),
        },
        headers={"Cache-Control": "public, max-age=60"},
    )
