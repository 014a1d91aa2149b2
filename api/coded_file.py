"""A file in memory with the compressed forms that lie beside it, for whoever asks over HTTP."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi import Request, Response

from api.caching import matches, tag_of

# Content codings and how their files are named, the best one first.
SUFFIXES = {"br": ".br", "gzip": ".gz"}
# Not what the machine's own table says: that differs from one to the next.
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_ACCEPTED = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.IGNORECASE)


@dataclass(frozen=True)
class _Body:
    content: bytes
    tag: str


def _read(path: Path) -> _Body:
    content = path.read_bytes()
    return _Body(content, tag_of(content))


class CodedFile:
    """A file, read when this is made.

    Args:
        path: Where it is.
        headers: What is said with every answer. Also where nothing has changed: a browser
            replaces the headers that it kept, the page's policy too, by those of a 304.

    Raises:
        FileNotFoundError: It is not there.
    """

    def __init__(self, path: Path, headers: dict[str, str]) -> None:
        self._plain = _read(path)
        beside = {coding: path.with_name(path.name + end) for coding, end in SUFFIXES.items()}
        self._coded = {coding: _read(it) for coding, it in beside.items() if it.exists()}
        self._media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
        self._headers = {"Vary": "Accept-Encoding", **headers}

    def answer(self, request: Request) -> Response:
        """Answer with the form that this client reads and is smallest, or 304 if it has that."""
        coding = best_coding(_header(request, "accept-encoding"), self._coded)
        body = self._coded[coding] if coding else self._plain
        headers = {**self._headers, "ETag": body.tag}
        if matches(_header(request, "if-none-match"), body.tag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if coding:
            headers["Content-Encoding"] = coding
        return Response(body.content, headers=headers, media_type=self._media_type)


def best_coding(accept_encoding: str, offered: Iterable[str]) -> str | None:
    """Choose as RFC 9110, section 12.5.3 says, of equals the first; None for no coding."""
    weights = {
        found[1].lower(): float(found[2] or 1)
        for found in map(_ACCEPTED.fullmatch, accept_encoding.split(","))
        if found
    }
    others = weights.get("*", 0.0)
    acceptable = [coding for coding in offered if weights.get(coding, others) > 0]
    return max(acceptable, key=lambda coding: weights.get(coding, others), default=None)


def _header(request: Request, name: str) -> str:
    # One that comes in several lines is one list (RFC 9110, section 5.3).
    return ",".join(request.headers.getlist(name))
