"""The few calls outside `/api/v3` that clients make before they trade spot.

ccxt reads the wallet's coins, the margin pairs and the futures' symbols when it loads its
markets. There is no margin and there are no futures here: the answers say so.
"""

from typing import Any, Final

from sandbox.exchange.core.symbols import SYMBOLS, text
from sandbox.exchange.protocol.calls import Call, Endpoint, Security
from sandbox.exchange.venue import now_ms


async def _coins(call: Call) -> Any:
    assets = {asset for rules in SYMBOLS.values() for asset in (rules.base, rules.quote)}
    return [
        {
            "coin": asset,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "name": asset,
            "free": text(call.account.balance(asset).free),
            "locked": text(call.account.balance(asset).locked),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for asset in sorted(assets)
    ]


async def _no_pairs(_: Call) -> Any:
    return []


async def _no_symbols(_: Call) -> Any:
    return {
        "timezone": "UTC",
        "serverTime": now_ms(),
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }


_SIGNED: Final = Security.SIGNED
_ENDPOINTS: Final = (
    Endpoint("GET", "/sapi/v1/capital/config/getall", _coins, 10, _SIGNED),
    Endpoint("GET", "/sapi/v1/margin/allPairs", _no_pairs, 1, _SIGNED, frozenset({"symbol"})),
    Endpoint(
        "GET", "/sapi/v1/margin/isolated/allPairs", _no_pairs, 10, _SIGNED, frozenset({"symbol"})
    ),
    Endpoint("GET", "/fapi/v1/exchangeInfo", _no_symbols),
    Endpoint("GET", "/dapi/v1/exchangeInfo", _no_symbols),
)
ELSEWHERE: Final = {(each.method, each.path): each for each in _ENDPOINTS}
