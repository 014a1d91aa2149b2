"""python-binance, made to sign a request with a time that was recorded before."""

from typing import Any

from aiohttp import TCPConnector
from binance import AsyncClient

from adapters.whole_connects import WholeConnects
from domain.timing import RECEIVE_WINDOW_MS, VENUE_TIMEOUT_S


class VenueClient(AsyncClient):  # type: ignore[misc]  # the library ships no types
    """One user's REST client.

    A `timestamp` among the parameters is kept instead of being replaced by the time of
    sending: that is what lets the venue refuse a copy of an order that comes too late.
    """

    REQUEST_TIMEOUT = VENUE_TIMEOUT_S
    REQUEST_RECVWINDOW = RECEIVE_WINDOW_MS

    def _get_request_kwargs(
        self,
        method: str,
        signed: bool,  # noqa: FBT001 - the library's signature
        force_params: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        **kwargs: Any,
    ) -> dict[str, Any]:
        parameters = kwargs.get("data")
        if signed and parameters and "timestamp" in parameters:
            parameters["recvWindow"] = self.REQUEST_RECVWINDOW
            parameters["signature"] = self._generate_signature(parameters)
            signed = False
        request: dict[str, Any] = super()._get_request_kwargs(
            method, signed, force_params, **kwargs
        )
        return request


def make_client(  # noqa: PLR0913 - the address and the keys of one connection
    *,
    api_url: str | None,
    testnet: bool,
    api_key: str = "",
    api_secret: str = "",
    connector: TCPConnector | None = None,
    offset_ms: int = 0,
) -> VenueClient:
    """Make a client; nothing is sent.

    Args:
        api_url: The address that takes the place of Binance's, or None for Binance itself.
        testnet: Whether Binance's testnet is meant.
        api_key: The user's key; empty for public calls.
        api_secret: Its secret.
        connector: Shared between clients, so that connections are; stays open.
        offset_ms: The venue's clock less ours.
    """
    session: dict[str, Any] = {"connector": connector or WholeConnects()}
    session["connector_owner"] = connector is None
    client = VenueClient(
        api_key or None, api_secret or None, testnet=testnet, session_params=session
    )
    if api_url is not None:
        # The addresses are class attributes; this shadows them for this one client.
        client.API_URL = f"{api_url}/api"
    client.timestamp_offset = offset_ms
    return client
