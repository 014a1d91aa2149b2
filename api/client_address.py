"""Where a request came from; see `workers.client_address` for what is believed."""

from typing import Annotated

from fastapi import Depends, Request

from api.dependencies import ServicesOf
from workers.client_address import UNKNOWN, client_address


async def _client_address(request: Request, services: ServicesOf) -> str:
    peer = request.client.host if request.client else UNKNOWN
    trusted = services.settings.trusted_proxies
    if not trusted:
        return peer
    return client_address(peer, request.headers.getlist("x-forwarded-for"), trusted)


# The network address of the client.
ClientAddress = Annotated[str, Depends(_client_address)]
