"""The exchange as a process of its own, and the clients that talk to it."""

import hashlib
import hmac
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from binance import AsyncClient, BinanceSocketManager

from tests.measured import measured_command
from workers.stack.ports import free_port

START_TIMEOUT_S = 20


class ExchangeProcess:
    """One running exchange; `kill` is SIGKILL, `start` again finds its journal."""

    def __init__(self, directory: Path, *options: str, is_measured: bool = False) -> None:
        """Place it in a directory; measuring its coverage makes its start much slower."""
        self.directory = directory
        self._options = options
        self._is_measured = is_measured
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start and wait for the first ping; returns how long it took in seconds."""
        import urllib.request  # noqa: PLC0415 - only here

        began = time.monotonic()
        places = ("--port", str(self.port), "--directory", str(self.directory / "data"))
        command = (sys.executable, "-m", "sandbox.exchange", *places, *self._options)
        # What is waited for here is the market.
        environment = {"SANDBOX_STEPS_PER_S": "5"}
        if self._is_measured:
            command, measuring = measured_command(command)
            environment |= measuring
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, env={**os.environ, **environment}, stderr=log
            )
        while time.monotonic() - began < START_TIMEOUT_S:
            try:
                with urllib.request.urlopen(f"{self.http}/api/v3/ping", timeout=1):  # noqa: S310 - loopback
                    return time.monotonic() - began
            except OSError:
                assert self._process.poll() is None, (self.directory / "log").read_text()
                time.sleep(0.02)
        raise TimeoutError((self.directory / "log").read_text())

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(10)


class Trader:
    """An account with plain HTTP at its disposal: sends exactly what a test wants sent."""

    def __init__(self, http: str, session: aiohttp.ClientSession, opened: dict[str, Any]) -> None:
        self.http = http
        self.session = session
        self.account_id: str = opened["account_id"]
        self.key: str = opened["api_key"]
        self.secret: str = opened["api_secret"]

    @staticmethod
    def signature(secret: str, payload: str) -> str:
        return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()

    def sign(self, payload: str) -> str:
        return self.signature(self.secret, payload)

    def signed(self, params: dict[str, Any]) -> str:
        payload = urlencode({"timestamp": int(time.time() * 1000)} | params)
        return f"{payload}&signature={self.sign(payload)}"

    async def call(self, method: str, path: str, **params: Any) -> tuple[int, Any]:
        """A signed call; returns status and body."""
        return await self.send(method, f"/api/v3/{path}?{self.signed(params)}")

    async def send(self, method: str, target: str, body: str | None = None) -> tuple[int, Any]:
        headers = {"X-MBX-APIKEY": self.key}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        import yarl  # noqa: PLC0415 - only here

        async with self.session.request(
            method, yarl.URL(self.http + target, encoded=True), headers=headers, data=body
        ) as answer:
            return answer.status, orjson.loads(await answer.read())

    async def order(self, **params: Any) -> Any:
        """Place an order that must be accepted."""
        status, found = await self.call("POST", "order", **params)
        assert status == 200, found
        return found

    async def limit(self, side: str, quantity: str, price: str, **more: Any) -> Any:
        return await self.order(
            symbol="BTCUSDT",
            side=side,
            type="LIMIT",
            timeInForce=more.pop("timeInForce", "GTC"),
            quantity=quantity,
            price=price,
            **more,
        )

    async def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        _, found = await self.call("GET", "account")
        return {
            row["asset"]: (Decimal(row["free"]), Decimal(row["locked"]))
            for row in found["balances"]
        }


class Desk:
    """What a test works with: control calls and accounts of one exchange."""

    def __init__(self, process: ExchangeProcess, session: aiohttp.ClientSession) -> None:
        self.process = process
        self.session = session
        self._traders: list[Trader] = []

    @property
    def http(self) -> str:
        return self.process.http

    async def post(self, path: str, body: Any, *, status: int = 200) -> Any:
        async with self.session.post(f"{self.http}{path}", data=orjson.dumps(body)) as answer:
            found = await answer.json()
            assert answer.status == status, found
            return found

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.http}{path}") as answer:
            return await answer.json()

    async def trader(self, **balances: float) -> Trader:
        funds = balances or {"USDT": 100_000, "BTC": 2}
        opened = await self.post("/sandbox/accounts", {"balances": funds}, status=201)
        self._traders.append(Trader(self.http, self.session, opened))
        return self._traders[-1]

    async def clear_orders(self) -> None:
        """Take out what tests left in the books, which others share."""
        for trader in self._traders:
            _, found = await trader.call("GET", "openOrders")
            if isinstance(found, list):
                for symbol in {row["symbol"] for row in found}:
                    await trader.call("DELETE", "openOrders", symbol=symbol)

    async def market(self, **body: Any) -> Any:
        return await self.post("/sandbox/market", body)

    async def fault(self, **body: Any) -> Any:
        return await self.post("/sandbox/faults", body, status=201)

    async def clear_faults(self) -> None:
        async with self.session.delete(f"{self.http}/sandbox/faults") as answer:
            assert answer.status == 204

    async def ledger(self, trader: Trader | None = None) -> list[dict[str, Any]]:
        query = f"?account_id={trader.account_id}" if trader is not None else ""
        async with self.session.get(f"{self.http}/sandbox/ledger{query}") as answer:
            found: dict[str, list[dict[str, Any]]] = await answer.json()
            return found["items"]

    async def set_book(
        self, bids: list[tuple[str, str]], asks: list[tuple[str, str]], symbol: str = "BTCUSDT"
    ) -> None:
        """Pause a symbol and set its book exactly; the last price is the best ask's."""
        await self.market(symbol=symbol, pause=True)
        await self.market(symbol=symbol, price=float(asks[0][0]) if asks else 50_000)
        await self.market(symbol=symbol, book={"bids": bids, "asks": asks})


def binance_client(process: ExchangeProcess, trader: Trader | None = None) -> AsyncClient:
    """python-binance, changed in nothing but its addresses."""
    client = AsyncClient(*(() if trader is None else (trader.key, trader.secret)))
    client.API_URL = f"{process.http}/api"
    client.ws_api._url = f"{process.ws}/ws-api/v3"
    # How long its reader sleeps through a close, too.
    client.ws_api.TIMEOUT = 1
    return client


def socket_manager(client: AsyncClient, process: ExchangeProcess) -> BinanceSocketManager:
    manager = BinanceSocketManager(client)
    manager.STREAM_URL = f"{process.ws}/"
    return manager
