"""How routes are made, so that every one of them reads numbers exactly."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api.json_codec import ExactRequest


class ExactRoute(APIRoute):
    """A route whose request body is parsed by `api.json_codec.decode`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the endpoint an `ExactRequest`."""
        handler = super().get_route_handler()

        async def exact(request: Request) -> Response:
            return await handler(ExactRequest(request.scope, request.receive))

        return exact


def edge_router(prefix: str, tag: str) -> APIRouter:
    """Make the router of one resource; every module in `api/routes` begins with it."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=ExactRoute)
