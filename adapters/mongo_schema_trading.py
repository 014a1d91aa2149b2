"""Schemas of accounts, trades, positions and paper trading."""

from adapters.mongo_schema_parts import (
    DATE,
    DECIMAL,
    DOWN,
    OBJECT,
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

_STATUSES = one_of(
    [
        *("SUBMITTING", "NEW", "PARTIALLY_FILLED", "FILLED"),
        *("CANCELED", "REJECTED", "EXPIRED", "UNKNOWN"),
    ]
)
_FILL = open_ended(
    {
        "venue_trade_id": WHOLE,
        "price": DECIMAL,
        "quantity": DECIMAL,
        "commission": DECIMAL,
        "commission_asset": TEXT,
        "time": DATE,
    }
)
# As `domain.trade_view.trade_view` writes it, and what tells bodies under one key apart.
_TRADE = open_ended(
    {
        "trade_id": TEXT,
        "user_id": TEXT,
        "symbol": TEXT,
        "side": one_of(["BUY", "SELL"]),
        "type": TEXT,
        "status": _STATUSES,
        "quantity": nullable(DECIMAL),
        "quote_quantity": nullable(DECIMAL),
        "price": nullable(DECIMAL),
        "stop_price": nullable(DECIMAL),
        "executed_quantity": DECIMAL,
        "executed_price": nullable(DECIMAL),
        "commission": DECIMAL,
        "fills": {"bsonType": "array", "items": _FILL},
        "failure": nullable(OBJECT),
        "client_order_id": TEXT,
        "venue_order_id": nullable(WHOLE),
        "workflow_id": TEXT,
        "fingerprint": TEXT,
        "timestamp": DATE,
        "created_at": DATE,
        "updated_at": DATE,
    }
)
# What a paper trade has beyond a real one.
_PAPER_TRADE = {
    "session_id": TEXT,
    "generation": WHOLE,
    "number": WHOLE,
    "revision": WHOLE,
    "balance_after": DECIMAL,
    "equity_after": nullable(DECIMAL),
    "realized_pnl": nullable(DECIMAL),
    "reference_price": nullable(DECIMAL),
}
# As `domain.trade_view.position_view` writes it, less what only a live price can tell.
_POSITION = open_ended(
    {
        "position_id": TEXT,
        "user_id": TEXT,
        "symbol": TEXT,
        "quote_asset": TEXT,
        "quantity": DECIMAL,
        "entry_price": DECIMAL,
        "realized_pnl": DECIMAL,
        "opened_at": DATE,
        "closed_at": nullable(DATE),
        "close_reason": nullable(STRING),
    }
)
_BALANCES = {
    "bsonType": "object",
    "additionalProperties": open_ended({"free": DECIMAL, "locked": DECIMAL}),
}

TRADING_SCHEMAS: dict[str, CollectionSchema] = {
    # One document a user; `_id` is the user's id.
    "accounts": CollectionSchema(
        open_ended(
            {
                "user_id": TEXT,
                "version": WHOLE,
                "balances": _BALANCES,
                "positions": OBJECT,
                "orders": OBJECT,
                "limits": OBJECT,
                "trading_state": one_of(["ACTIVE", "REDUCING", "HALTED"]),
            },
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
        _POSITION,
        (index(("user_id", UP), ("closed_at", UP), ("opened_at", DOWN), ("_id", DOWN)),),
    ),
    # As `domain.paper.views.session_view` writes it; `state` is the whole session as text.
    "paper_sessions": CollectionSchema(
        open_ended(
            {
                "session_id": TEXT,
                "user_id": TEXT,
                "status": one_of(["ACTIVE", "STOPPED", "BROKEN"]),
                "initial_balance": DECIMAL,
                "generation": WHOLE,
                "revision": WHOLE,
                "state": TEXT,
                "created_at": DATE,
                "updated_at": DATE,
            }
        ),
        (
            index(("user_id", UP), ("created_at", DOWN), ("_id", DOWN)),
            # The one active session of a user.
            index(("user_id", UP), ("status", UP)),
        ),
    ),
    # As `domain.paper.records.paper_trade_record` writes it.
    "paper_trades": CollectionSchema(
        {
            **_TRADE,
            "required": sorted([*_TRADE["required"], *_PAPER_TRADE]),
            "properties": {**_TRADE["properties"], **_PAPER_TRADE},
        },
        (
            index(("session_id", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("session_id", UP), ("generation", UP), ("number", UP)),
        ),
    ),
}
