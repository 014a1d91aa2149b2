"""Every endpoint there is."""

from typing import Final

from sandbox.exchange.protocol.account_calls import ACCOUNT
from sandbox.exchange.protocol.calls import Endpoint
from sandbox.exchange.protocol.list_calls import LISTS
from sandbox.exchange.protocol.market_calls import PUBLIC
from sandbox.exchange.protocol.order_calls import ORDERS
from sandbox.exchange.protocol.replace_calls import REPLACE
from sandbox.exchange.protocol.ticker_calls import TICKERS

_TABLES: Final = (PUBLIC, TICKERS, ORDERS, REPLACE, LISTS, ACCOUNT)
REST: Final[dict[tuple[str, str], Endpoint]] = {
    key: endpoint for table in _TABLES for key, endpoint in table.rest.items()
}
WS: Final[dict[str, Endpoint]] = {
    key: endpoint for table in _TABLES for key, endpoint in table.ws.items()
}
