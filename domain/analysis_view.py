"""Analyses as clients, consumers and the database see them: one shape each."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.analysis import Analysis, Opinion, Provenance, Signal
from domain.candles import Timeframe
from domain.events import (
    AI_SIGNAL,
    AI_SIGNAL_GENERATED,
    AI_SIGNAL_SCORED,
    DomainEvent,
    PrivateFrame,
)
from domain.scorecard import Score

_EVENT_NAMESPACE = uuid.UUID("5f6f8a35-6a1c-5f7f-8a53-8a4d6a0f5a11")


def analysis_view(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis of the interface; prices stay Decimal."""
    opinion, provenance = analysis.opinion, analysis.provenance
    return {
        "analysis_id": analysis.analysis_id,
        "symbol": analysis.symbol,
        "timeframe": str(analysis.timeframe),
        "candle_open_time": analysis.candle_open_time,
        "price": analysis.price,
        "signal": str(opinion.signal),
        "confidence": opinion.confidence,
        "reasoning": opinion.reasoning,
        "suggested_entry": opinion.entry,
        "suggested_stop_loss": opinion.stop_loss,
        "suggested_take_profit": opinion.take_profit,
        "risk_reward_ratio": opinion.risk_reward_ratio,
        "indicators": dict(analysis.indicators),
        "model": provenance.model,
        "prompt_version": provenance.prompt_version,
        "created_at": analysis.created_at,
        "expires_at": analysis.expires_at,
        "workflow_id": analysis.workflow_id,
    }


def analysis_record(analysis: Analysis) -> dict[str, Any]:
    """Return what is kept: the view, and what only we need to know."""
    provenance = analysis.provenance
    return {
        **analysis_view(analysis),
        "subject": analysis.subject,
        "brought_own": analysis.brought_own,
        "usage": {
            "prompt_tokens": provenance.prompt_tokens,
            "completion_tokens": provenance.completion_tokens,
            "model_ms": provenance.model_ms,
            "is_repaired": provenance.is_repaired,
        },
    }


def analysis_of_record(record: Mapping[str, Any]) -> Analysis:
    """Return the analysis of a record: the inverse of `analysis_record`."""
    return Analysis(
        analysis_id=record["analysis_id"],
        workflow_id=record["workflow_id"],
        subject=record["subject"],
        symbol=record["symbol"],
        timeframe=Timeframe(record["timeframe"]),
        candle_open_time=record["candle_open_time"],
        price=record["price"],
        indicators=record["indicators"],
        opinion=Opinion(
            Signal(record["signal"]),
            record["confidence"],
            record["reasoning"],
            record["suggested_entry"],
            record["suggested_stop_loss"],
            record["suggested_take_profit"],
            record["risk_reward_ratio"],
        ),
        provenance=Provenance(record["model"], record["prompt_version"], **record["usage"]),
        created_at=record["created_at"],
    )


def score_view(score: Score) -> dict[str, Any]:
    """Return the score of an analysis as it is kept and shown."""
    return {
        "outcome": str(score.outcome),
        "entered_at": score.entered_at,
        "ended_at": score.ended_at,
        "exit_price": score.exit_price,
        "r_multiple": score.r_multiple,
    }


def signal_message_id(analysis_id: str) -> str:
    """Return the id of the event that an analysis was made."""
    return str(uuid.uuid5(_EVENT_NAMESPACE, analysis_id))


def scored_message_id(analysis_id: str) -> str:
    """Return the id of the event that an analysis was scored."""
    return str(uuid.uuid5(_EVENT_NAMESPACE, f"{analysis_id}\x00{AI_SIGNAL_SCORED}"))


def signal_event(analysis: Analysis, user_ids: list[str]) -> DomainEvent:
    """Return what is published of an analysis, once; `user_id` is who asked first."""
    view = analysis_view(analysis)
    data = _whose(analysis, user_ids) | {name: view[name] for name in _EVENT_MEMBERS + _SUGGESTED}
    message_id = signal_message_id(analysis.analysis_id)
    return DomainEvent(AI_SIGNAL_GENERATED, message_id, data, analysis.created_at)


def score_event(analysis: Analysis, user_ids: list[str], score: Score, at: datetime) -> DomainEvent:
    """Return what is published of the score of an analysis, once."""
    view = analysis_view(analysis)
    data = {
        **_whose(analysis, user_ids),
        **{name: view[name] for name in (*_EVENT_MEMBERS, "created_at")},
        **score_view(score),
    }
    return DomainEvent(AI_SIGNAL_SCORED, scored_message_id(analysis.analysis_id), data, at)


_EVENT_MEMBERS = ("symbol", "timeframe", "signal", "confidence", "model", "prompt_version")
_SUGGESTED = (
    *("suggested_entry", "suggested_stop_loss", "suggested_take_profit", "risk_reward_ratio"),
)


def _whose(analysis: Analysis, user_ids: list[str]) -> dict[str, Any]:
    return {
        "analysis_id": analysis.analysis_id,
        "user_id": user_ids[0],
        "user_ids": user_ids,
        "brought_own": analysis.brought_own,
    }


def signal_frame(analysis: Analysis) -> PrivateFrame:
    """Return the `ai_signal` of an analysis, which each of its askers gets once."""
    event_id = f"analysis:{analysis.analysis_id}"
    return PrivateFrame(AI_SIGNAL, analysis_view(analysis), event_id, analysis.created_at)
