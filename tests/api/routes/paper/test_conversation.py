"""A client that changes only the path: the same requests to real trading and to a session."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from adapters.redis_feed import RedisFeedReader
from tests.api.routes.paper.trading import PATH, Desk
from tests.api.routes.trading import D, read, until

Told = dict[str, Any]

MARKET: Told = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
LIMIT: Told = {**MARKET, "type": "LIMIT", "quantity": D("0.01")}
SALE: Told = {"symbol": "BTCUSDT", "side": "SELL", "quantity": D("0.001")}
STOP: Told = {**SALE, "type": "STOP_LOSS_LIMIT", "price": D(58_000), "stop_price": D(59_000)}

# In this order: what is sold later is bought first. Nothing takes more than the best level has.
ORDERS: list[Told] = [
    {**SALE, "type": "MARKET"},
    {**MARKET, "quantity": D("0.01")},
    {**MARKET, "quote_quantity": D(100)},
    {**SALE, "type": "MARKET"},
    {**LIMIT, "price": D(58_500)},
    {**LIMIT, "price": D(60_500)},
    {**LIMIT, "price": D(60_500), "time_in_force": "IOC"},
    {**LIMIT, "price": D(58_500), "time_in_force": "IOC"},
    {**LIMIT, "price": D(58_500), "time_in_force": "FOK"},
    {**SALE, "type": "LIMIT", "price": D(62_000), "time_in_force": "GTC"},
    STOP,
    {**STOP, "type": "TAKE_PROFIT_LIMIT", "price": D(61_000), "stop_price": D(61_000)},
    {**MARKET, "quantity": D("0.01"), "ai_signal_id": "signal-1"},
    # Refused before anything is kept.
    MARKET,
    {},
    {**MARKET, "quantity": D("0.01"), "quote_quantity": D(10)},
    {**MARKET, "quantity": D("0.01"), "price": D(60_000)},
    {**MARKET, "quantity": D("0.01"), "time_in_force": "GTC"},
    {**MARKET, "quantity": D("0.01"), "leverage": D(10)},
    {**MARKET, "quantity": "0.01"},
    {**MARKET, "quantity": D(0)},
    {**MARKET, "quantity": D(-1)},
    {**MARKET, "quantity": D("1e40")},
    {**MARKET, "quantity": D("0.000000001")},
    {**MARKET, "quantity": D("0.000011")},
    {**MARKET, "quote_quantity": D(1)},
    {**LIMIT, "price": D("58500.001")},
    {**LIMIT, "stop_price": D(58_000), "price": D(58_000)},
    LIMIT,
    {**LIMIT, "price": D(58_500), "quantity": D("0.00001")},
    {**LIMIT, "price": D(58_500), "time_in_force": "GTX"},
    {**MARKET, "symbol": "NOPEUSDT", "quantity": D(1)},
    {**MARKET, "symbol": "", "quantity": D(1)},
    {**MARKET, "side": "HOLD", "quantity": D(1)},
    {**MARKET, "quantity": D("0.01"), "ai_signal_id": "s" * 65},
    # Denied by risk and balance.
    {**MARKET, "quantity": D(1)},
    {**LIMIT, "price": D(66_000)},
    {**SALE, "type": "MARKET", "quantity": D("0.1")},
    {**LIMIT, "price": D(58_500), "quantity": D("0.165")},
    # The venue refuses a stop that is due already.
    {**STOP, "stop_price": D(61_000), "price": D(59_500)},
]
# What must be the same of two trades; the rest is told apart by nature (ids, times).
SAME = (
    "symbol", "side", "type", "quantity", "quote_quantity", "price", "stop_price", "status",
    "time_in_force", "executed_quantity", "executed_price", "commission", "commission_asset",
    "ai_signal_id",
)  # fmt: skip
SAME_PROBLEM = ("type", "title", "status", "code", "errors", "limit_type", "limit_value")
SAME_FILL = ("price", "quantity", "commission", "commission_asset")


@dataclass
class Pair:
    """The same person twice: at the exchange and on paper."""

    desk: Desk
    real: list[Told] = field(default_factory=list)
    paper: list[Told] = field(default_factory=list)

    async def execute(self, order: Told, key: str | None) -> tuple[httpx.Response, httpx.Response]:
        call = self.desk.trader.call
        return (
            await call("POST", "/api/trades/execute", order, key),
            await call("POST", f"{PATH}/execute", order, key),
        )

    async def both(self, method: str, real: str, paper: str) -> tuple[Any, Any]:
        """Make a call at either path; the answers' statuses are the same."""
        call = self.desk.trader.call
        one, other = await call(method, real), await call(method, f"{self.desk.path}{paper}")
        assert one.status_code == other.status_code, (one.text, other.text)
        return read(one), read(other)


def kinds(told: Told) -> dict[str, type]:
    """Return each member with its kind of value; None counts as any."""
    return {name: type(value) for name, value in told.items() if value is not None}


def core(trade: Told) -> list[Any]:
    """Return what must be the same of a real trade and of one on paper."""
    return [*(trade[name] for name in SAME), (trade["failure"] or {}).get("code")]


def compare(real: httpx.Response, paper: httpx.Response, asked: Told) -> None:
    """Hold two answers to one request against each other."""
    where = (asked, real.text, paper.text)
    assert real.status_code == paper.status_code, where
    missing = set(real.headers) - set(paper.headers)
    assert not missing, (missing, *where)
    one, other = read(real), read(paper)
    assert one.keys() <= other.keys(), where
    if "fills" in one:
        assert core(one) == core(other), where
    else:
        assert [one.get(n) for n in SAME_PROBLEM] == [other.get(n) for n in SAME_PROBLEM], where
    for name, kind in kinds(one).items():
        assert type(other[name]) is kind, (name, *where)
    for mine, theirs in zip(one.get("fills", ()), other.get("fills", ()), strict=True):
        assert mine.keys() <= theirs.keys()
        assert {n: mine[n] for n in SAME_FILL} == {n: theirs[n] for n in SAME_FILL}


async def test_the_same_orders_have_the_same_answers(desk: Desk) -> None:
    pair = Pair(desk)
    for number, order in enumerate(ORDERS):
        real, paper = await pair.execute(order, f"key-{number}")
        compare(real, paper, order)
        if real.status_code == httpx.codes.CREATED:
            pair.real.append(read(real))
            pair.paper.append(read(paper))
    assert [trade["status"] for trade in pair.real].count("NEW") == 4
    await _repeats(pair)
    await _reads(pair)
    await _cancels(pair)
    await _frames(pair)


async def _repeats(pair: Pair) -> None:
    for number in (1, 4, 7, len(ORDERS) - 5):  # filled, resting, expired, denied
        real, paper = await pair.execute(ORDERS[number], f"key-{number}")
        compare(real, paper, ORDERS[number])
        assert real.headers.get("idempotency-replayed") == paper.headers.get("idempotency-replayed")
    other = {**MARKET, "quantity": D("0.02")}
    compare(*await pair.execute(other, "key-1"), other)
    compare(*await pair.execute(other, "k" * 256), other)


async def _reads(pair: Pair) -> None:
    pairs = list(zip(pair.real, pair.paper, strict=True))
    for mine, theirs in pairs:
        one, other = await pair.both(
            "GET", f"/api/trades/{mine['trade_id']}", f"/trades/{theirs['trade_id']}"
        )
        assert core(one) == core(other)
    for query in (
        "", "?limit=2", "?status=NEW", "?symbol=ETHUSDT", "?since=2099-01-01T00:00:00Z",
        "?status=NONE", "?since=yesterday", "?limit=0", "?cursor=x",
    ):  # fmt: skip
        one, other = await pair.both("GET", f"/api/trades{query}", f"/trades{query}")
        # Trades of long ago are archived, and told to be; sessions keep all of theirs at hand.
        assert one.keys() - {"cold"} == other.keys(), (query, one, other)
        shown = [core(trade) for trade in one.get("items", ())]
        assert shown == [core(trade) for trade in other.get("items", ())]
    missing = "00000000-0000-0000-0000-000000000000"
    await pair.both("GET", f"/api/trades/{missing}", f"/trades/{missing}")


async def _cancels(pair: Pair) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    codes = set()
    for mine, theirs in [
        *((a["trade_id"], b["trade_id"]) for a, b in zip(pair.real, pair.paper, strict=True)),
        (pair.real[3]["trade_id"], pair.paper[3]["trade_id"]),
        (missing, missing),
        ("nonsense", "nonsense"),
    ]:
        one, other = await pair.both("DELETE", f"/api/trades/{mine}", f"/orders/{theirs}")
        assert (one["status"], one.get("code")) == (other["status"], other.get("code"))
        codes.add(one.get("code"))
    assert codes == {None, "NOT_CANCELABLE", "NOT_FOUND", "INVALID_REQUEST"}


async def _frames(pair: Pair) -> None:
    """Everything that a socket of either kind of trading is sent has the same members."""
    trader = pair.desk.trader
    history = RedisFeedReader(trader.edge.services.connections.redis)

    async def ends() -> list[list[Told]] | None:
        entries = await history.after(trader.user_id, 0, 1_000)
        frames = [orjson.loads(entry.frame) for entry in entries]
        real = [frame for frame in frames if "session_id" not in frame["data"]]
        paper = [frame for frame in frames if "session_id" in frame["data"]]
        canceled = [
            {f["data"]["trade_id"] for f in some if f["data"].get("status") == "CANCELED"}
            for some in (real, paper)
        ]
        return [real, paper] if len(canceled[0]) == len(canceled[1]) == 4 else None

    real, paper = await until(ends, "the frames of every cancel")
    for kind in ("order_update", "position_update", "account_update"):
        one, other = (
            [frame["data"] for frame in some if frame["type"] == kind] for some in (real, paper)
        )
        assert one, kind
        assert other, kind
        assert one[-1].keys() <= other[-1].keys(), kind
