"""What is ours, under `/sandbox`: accounts, the ledger, faults, the market's levers."""

import json
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Final

import orjson
from aiohttp import web

from sandbox.exchange.core.records import (
    LEDGER_KINDS,
    AccountOpened,
    Deposited,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderTriggered,
    Record,
    number,
)
from sandbox.exchange.protocol.faults import BadFault
from sandbox.exchange.venue import Venue, now_ms

_ASSET: Final = re.compile(r"[A-Z0-9]{1,20}")
_UNITS: Final = 8
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadRequest(ValueError):  # noqa: N818 - a refusal of input
    """A control request that makes no sense; the text says why."""


def respond(content: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")


@web.middleware
async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a bad control request with 400 and the reason."""
    try:
        return await handler(request)
    except (BadRequest, BadFault) as error:
        return respond({"code": "INVALID_REQUEST", "detail": str(error)}, 400)
    except KeyError as error:
        return respond({"code": "NOT_FOUND", "detail": f"no such thing: {error}"}, 404)


async def read_json(request: web.Request, allowed: frozenset[str]) -> dict[str, Any]:
    """The request's JSON object, numbers as `Decimal`.

    Raises:
        BadRequest: No JSON object, or one with an unknown field.
    """
    raw = await request.text()
    try:
        found = json.loads(raw or "{}", parse_float=Decimal, parse_int=Decimal)
    except ValueError as error:
        raise BadRequest(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest("not a JSON object")
    unknown = set(found) - allowed
    if unknown:
        raise BadRequest(f"unknown fields: {', '.join(sorted(unknown))}")
    return found


def quantity_of(value: Any, name: str) -> Decimal:
    """A quantity of at most eight decimals, not negative.

    Raises:
        BadRequest: It is something else.
    """
    try:
        found = Decimal(str(value))
    except ArithmeticError as error:
        raise BadRequest(f"{name} is no number") from error
    exponent = found.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or found < 0 or -exponent > _UNITS:
        raise BadRequest(f"{name} must be zero or more, with at most eight decimals")
    return found


class Control:
    """Accounts, ledger and faults.

    Args:
        venue: The exchange behind it.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def open_account(self, request: web.Request) -> web.Response:
        """`POST /sandbox/accounts {balances, can_trade?}`."""
        body = await read_json(request, frozenset({"balances", "can_trade"}))
        balances, can_trade = body.get("balances", {}), body.get("can_trade", True)
        if not isinstance(can_trade, bool):
            raise BadRequest("can_trade is true or false")
        if not isinstance(balances, dict) or not all(map(_ASSET.fullmatch, balances)):
            raise BadRequest("balances is an object of asset and number")
        account = await self._venue.open_account(
            {asset: quantity_of(value, asset) for asset, value in balances.items()},
            can_trade=can_trade,
        )
        return respond(
            {
                "account_id": account.account_id,
                "api_key": account.api_key,
                "api_secret": account.api_secret,
            },
            201,
        )

    async def deposit(self, request: web.Request) -> web.Response:
        """`POST /sandbox/accounts/{id}/deposit {asset, quantity}`."""
        body = await read_json(request, frozenset({"asset", "quantity"}))
        account = self._venue.ledger.accounts[request.match_info["account_id"]]
        asset = str(body.get("asset"))
        if not _ASSET.fullmatch(asset):
            raise BadRequest("asset is a name in capitals")
        quantity = quantity_of(body.get("quantity"), "quantity")
        self._venue.engine.deposit(account.account_id, asset, quantity, now_ms())
        free = account.balance(asset).free
        await self._venue.commit()
        return respond({"asset": asset, "free": number(free)})

    async def ledger(self, request: web.Request) -> web.Response:
        """`GET /sandbox/ledger?account_id&since`: records with a greater sequence."""
        account_id = request.query.get("account_id")
        raw = request.query.get("since", "0")
        if not raw.isdigit():
            raise BadRequest("since is a sequence number")
        since = int(raw)
        # What has happened but is not on disk yet is not true yet. Sequences rise by one from
        # one, so a record stands in the list where its sequence says.
        await self._venue.commit()
        await self._venue.journal.settled()
        items = [
            _item(record)
            for record in self._venue.ledger.records[since:]
            if record.kind in LEDGER_KINDS
            and (account_id is None or getattr(record, "account_id", None) == account_id)
        ]
        return respond({"items": items})

    async def add_fault(self, request: web.Request) -> web.Response:
        """`POST /sandbox/faults`."""
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"not JSON: {error}") from error
        if not isinstance(body, dict):
            raise BadRequest("not a JSON object")
        fault = self._venue.faults.add(body)
        await self._venue.apply_stream_faults(fault)
        return respond(fault.view(), 201)

    async def faults(self, _: web.Request) -> web.Response:
        """`GET /sandbox/faults`, with how often each fired."""
        return respond({"items": [fault.view() for fault in self._venue.faults.items.values()]})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """`DELETE /sandbox/faults[/{id}]`."""
        fault_id = request.match_info.get("fault_id")
        if fault_id is None:
            self._venue.faults.items.clear()
        else:
            del self._venue.faults.items[fault_id]
        await self._venue.apply_stream_faults()
        return web.Response(status=204)


def _item(record: Record) -> dict[str, Any]:
    """One record as the ledger shows it."""
    item: dict[str, Any] = {
        "sequence": record.sequence,
        "kind": record.kind,
        "time": record.time,
        "account_id": getattr(record, "account_id", None),
    }
    if isinstance(record, AccountOpened):
        item["balances"] = {asset: number(q) for asset, q in record.balances.items()}
    elif isinstance(record, Deposited):
        item |= {"asset": record.asset, "quantity": number(record.quantity)}
    elif isinstance(record, OrderTriggered):
        item |= _names(record)
    elif isinstance(record, OrderAccepted | OrderFilled | OrderClosed):
        item |= _names(record) | {
            "side": record.side,
            "type": record.type,
            "price": number(record.price),
            "quantity": number(record.quantity),
        }
    if isinstance(record, OrderFilled):
        item |= {
            "trade_id": record.trade_id,
            "quote_quantity": number(record.quote_quantity),
            "commission": number(record.commission),
            "commission_asset": record.commission_asset,
            "is_maker": record.is_maker,
        }
    return item


def _names(
    record: OrderAccepted | OrderFilled | OrderClosed | OrderTriggered,
) -> dict[str, Any]:
    return {
        "symbol": record.symbol,
        "order_id": record.order_id,
        "client_order_id": record.client_order_id,
        "status": record.status,
    }
