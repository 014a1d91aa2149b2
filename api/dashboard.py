"""The dashboard at `/`: the files of `dashboard/dist`, served from memory.

What a request names is looked up among the files that were read, never in the file system: no
path leads out of the folder. A build while we run is taken up by the next visit; pages that
are open then still find the pieces of the build before.
"""

import asyncio
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from api.coded_file import SUFFIXES, CodedFile
from api.errors import problem
from api.routing import edge_router
from domain.errors import ErrorCode

DIST = Path(__file__).parents[1] / "dashboard" / "dist"

_PAGE = "/"
_ICON = "/icon.svg"
_ASSETS = "/assets/"
_METHODS = ["GET", "HEAD"]

# The name of an asset changes with its contents; the page's and the icon's do not.
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_EACH_TIME = {"Cache-Control": "no-cache"}
# Browsers ask for the icon at every step within the page.
_FOR_A_DAY = {"Cache-Control": "public, max-age=86400"}
_OURS_ONLY = {"Cross-Origin-Resource-Policy": "same-origin"}

# What the page never asks a browser for.
_DEVICES = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope"),
    *("magnetometer", "microphone", "midi", "payment", "usb"),
)


def page_headers(websocket_url: str) -> dict[str, str]:
    """Return the headers of the page: it loads from us, and speaks to us and the gateway."""
    gateway = urlsplit(websocket_url)
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        f"connect-src 'self' {gateway.scheme}://{gateway.netloc}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    return {
        **_ASK_EACH_TIME,
        **_OURS_ONLY,
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{device}=()" for device in _DEVICES),
    }


class Dashboard:
    """What was built, in memory.

    Args:
        directory: Where the build is; it may come later.
        websocket_url: The gateway's address.
    """

    def __init__(self, directory: Path, websocket_url: str) -> None:
        self._directory = directory
        self._page_headers = page_headers(websocket_url)
        self._build: tuple[int, int] | None = None
        self._newest: dict[str, CodedFile] = {}
        self._files: dict[str, CodedFile] = {}
        self.take_up()

    def take_up(self) -> None:
        """Read the build, unless it is the one that was read last."""
        try:
            status = (self._directory / "index.html").stat()
            build = (status.st_ino, status.st_mtime_ns)
            if build == self._build:
                return
            newest = self._read()
        except FileNotFoundError:
            # Not built yet, or being replaced just now: what was read stays good.
            return
        self._files = self._newest | newest
        self._build, self._newest = build, newest

    def _read(self) -> dict[str, CodedFile]:
        assets = [
            path
            for path in (self._directory / "assets").iterdir()
            if path.suffix not in SUFFIXES.values()
        ]
        return {
            _PAGE: CodedFile(self._directory / "index.html", self._page_headers),
            _ICON: CodedFile(self._directory / "icon.svg", _FOR_A_DAY | _OURS_ONLY),
            **{_ASSETS + path.name: CodedFile(path, _FOR_EVER | _OURS_ONLY) for path in assets},
        }

    def find(self, path: str) -> CodedFile | None:
        """Return the file at a path of an address."""
        return self._files.get(path)


def dashboard_router(dashboard: Dashboard) -> APIRouter:
    """Make the routes of the page and of what it loads; they are no part of the interface."""
    router = edge_router("", "Dashboard")

    @router.api_route(_PAGE, methods=_METHODS, include_in_schema=False)
    async def page(request: Request) -> Response:
        await asyncio.to_thread(dashboard.take_up)
        found = dashboard.find(_PAGE)
        if found is None:
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                ErrorCode.SERVICE_UNAVAILABLE,
                "The dashboard is not built; `make setup` builds it.",
            )
        return found.answer(request)

    @router.api_route(_ICON, methods=_METHODS, include_in_schema=False)
    @router.api_route(_ASSETS + "{name}", methods=_METHODS, include_in_schema=False)
    async def file(request: Request) -> Response:
        found = dashboard.find(request.scope["path"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return found.answer(request)

    return router
