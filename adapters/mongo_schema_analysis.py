"""Schemas of analyses and of the log of who asked for them."""

from adapters.mongo_schema_parts import (
    BOOL,
    DATE,
    DECIMAL,
    DOWN,
    OBJECT,
    STRINGS,
    TEXT,
    UP,
    CollectionSchema,
    expiring,
    index,
    nullable,
    one_of,
    open_ended,
)
from domain.analysis import Signal

# As `domain.analysis_view.analysis_record` writes it, with who asked and what became of it.
_ANALYSIS = open_ended(
    {
        "analysis_id": TEXT,
        "subject": TEXT,
        "brought_own": BOOL,
        "user_id": TEXT,
        "user_ids": STRINGS,
        "symbol": TEXT,
        "timeframe": TEXT,
        "candle_open_time": DATE,
        "price": DECIMAL,
        "signal": one_of([str(signal) for signal in Signal]),
        "confidence": DECIMAL,
        "reasoning": TEXT,
        "suggested_entry": nullable(DECIMAL),
        "suggested_stop_loss": nullable(DECIMAL),
        "suggested_take_profit": nullable(DECIMAL),
        "risk_reward_ratio": nullable(DECIMAL),
        "indicators": OBJECT,
        "model": TEXT,
        "prompt_version": TEXT,
        "usage": OBJECT,
        "workflow_id": TEXT,
        "created_at": DATE,
        "expires_at": DATE,
        "score": nullable(OBJECT),
    }
)

ANALYSIS_SCHEMAS: dict[str, CollectionSchema] = {
    "ai_analysis": CollectionSchema(
        _ANALYSIS,
        (
            index(("user_ids", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("user_ids", UP), ("symbol", UP), ("created_at", DOWN), ("_id", DOWN)),
            # The newest of a subject.
            index(("subject", UP), ("expires_at", DOWN)),
            # The scorecard.
            index(("symbol", UP), ("model", UP), ("prompt_version", UP)),
            index(("model", UP), ("prompt_version", UP)),
            # The archive reads every user's, oldest first.
            index(("created_at", UP)),
        ),
    ),
    # One document a request that was within the rate, answered or not; no archive keeps them.
    "ai_requests": CollectionSchema(
        open_ended(
            {
                "user_id": TEXT,
                "symbol": TEXT,
                "timeframe": TEXT,
                "outcome": TEXT,
                "created_at": DATE,
            },
            expires_at=DATE,
        ),
        (
            index(("user_id", UP), ("created_at", DOWN)),
            index(("created_at", UP)),
            expiring("expires_at"),
        ),
    ),
}
