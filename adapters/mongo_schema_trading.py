"""Schemas of accounts, trades, positions and paper trading."""

from adapters.mongo_schema_parts import (
    DATE,
    DECIMAL,
    DOWN,
    OBJECT,
    OBJECTS,
    STRING,
    TEXT,
    UP,
    WHOLE,
    CollectionSchema,
    index,
    nullable,
    one_of,
    open_ended,
)

_TRADE = open_ended(
    {
        "trade_id": TEXT,
        "user_id": TEXT,
        "symbol": TEXT,
        "side": one_of(["BUY", "SELL"]),
        "type": TEXT,
        "status": TEXT,
        "fills": OBJECTS,
        "client_order_id": TEXT,
        "created_at": DATE,
        "updated_at": DATE,
    },
    quantity=nullable(DECIMAL),
    price=nullable(DECIMAL),
    stop_price=nullable(DECIMAL),
    executed_quantity=nullable(DECIMAL),
    executed_price=nullable(DECIMAL),
    commission=nullable(DECIMAL),
)

TRADING_SCHEMAS: dict[str, CollectionSchema] = {
    # One document a user; `_id` is the user's id.
    "accounts": CollectionSchema(
        open_ended(
            {"user_id": TEXT, "balances": OBJECT, "version": WHOLE},
            resting_since=nullable(DATE),
            unconfirmed_since=nullable(DATE),
        ),
        (
            # Who has open orders at the venue: asked about twice a second, from the index alone.
            index(("resting_since", UP), ("_id", UP)),
            # Reservations that a crash may have orphaned.
            index(("unconfirmed_since", UP)),
        ),
    ),
    "trades": CollectionSchema(
        _TRADE,
        (
            index(("user_id", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("user_id", UP), ("symbol", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("user_id", UP), ("status", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("client_order_id", UP)),
            # The archive reads every user's, oldest first.
            index(("created_at", UP)),
        ),
    ),
    "positions": CollectionSchema(
        open_ended(
            {
                "user_id": TEXT,
                "symbol": TEXT,
                "opened_at": DATE,
                "closed_at": nullable(DATE),
            }
        ),
        (index(("user_id", UP), ("closed_at", UP), ("opened_at", DOWN), ("_id", DOWN)),),
    ),
    "paper_sessions": CollectionSchema(
        open_ended({"user_id": TEXT, "status": TEXT, "created_at": DATE}),
        (index(("user_id", UP), ("created_at", DOWN), ("_id", DOWN)),),
    ),
    "paper_trades": CollectionSchema(
        open_ended({"user_id": TEXT, "session_id": TEXT, "symbol": STRING, "timestamp": DATE}),
        (index(("session_id", UP), ("timestamp", DOWN), ("_id", DOWN)),),
    ),
}
