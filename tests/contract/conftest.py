"""A running exchange whose market moves, and a funded account on it."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from binance import AsyncClient, BinanceSocketManager, Client

FUNDS = {"USDT": 100_000, "BTC": 2, "ETH": 20, "BNB": 50}


@dataclass(frozen=True)
class Access:
    """What somebody with an account knows: the address and the keys."""

    http: str
    key: str
    secret: str

    @property
    def ws(self) -> str:
        return self.http.replace("http://", "ws://")

    def ccxt(self, kind: Any) -> Any:
        """Make a ccxt exchange, changed in nothing but the hosts of its addresses."""
        exchange = kind({"apiKey": self.key, "secret": self.secret})
        addresses = exchange.urls["api"]
        for name, address in addresses.items():
            if isinstance(address, str):
                addresses[name] = re.sub(r"https://[^/]+", self.http, address)
        if "ws" in addresses:
            addresses["ws"]["spot"] = f"{self.ws}/ws"
            addresses["ws"]["ws-api"]["spot"] = f"{self.ws}/ws-api/v3"
        return exchange

    def sync_client(self) -> Client:
        client = Client(self.key, self.secret, ping=False)
        client.API_URL = f"{self.http}/api"
        return client

    def async_client(self) -> AsyncClient:
        client = AsyncClient(self.key, self.secret)
        client.API_URL = f"{self.http}/api"
        client.ws_api._url = f"{self.ws}/ws-api/v3"
        # How often the library looks whether it was closed; its ten seconds are idle waiting.
        client.ws_api.TIMEOUT = 0.2
        return client

    def sockets(self, client: AsyncClient) -> BinanceSocketManager:
        sockets = BinanceSocketManager(client)
        sockets.STREAM_URL = f"{self.ws}/"
        return sockets


@pytest.fixture
def access(exchange_url: str) -> Access:
    opened = httpx.post(f"{exchange_url}/sandbox/accounts", json={"balances": FUNDS}).json()
    return Access(exchange_url, opened["api_key"], opened["api_secret"])
