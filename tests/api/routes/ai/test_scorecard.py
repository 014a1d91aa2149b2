"""An analysis is held against what the price did, after a timer that outlives processes."""

import os
import secrets
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage
from temporalio.testing import WorkflowEnvironment

from activities.analysis import Telling
from adapters.mongo_analyses import MongoAnalyses
from adapters.mongo_candles import MongoCandles, StoredCandle
from adapters.rabbitmq_messages import read_event
from adapters.rabbitmq_topology import EVENTS_EXCHANGE
from domain.analysis import Analysis, Opinion, Provenance, Signal
from domain.candle_view import CandleSource, Enrichment
from domain.candles import Candle, Timeframe, close_time_of, next_open_time
from domain.event_messages import Event, SignalScored
from domain.events import AI_SIGNAL_SCORED
from domain.indicators import NO_INDICATORS
from domain.scorecard import Outcome, scoring_span
from tests.api.people import Edge, bearer
from tests.api.routes.ai.analysing import read
from tests.replay.replaying import keep, replayer
from tests.trading_floor import until
from workers.analysis import ANALYSIS_NEEDS, run_analysis_worker
from workers.connections import open_connections
from workers.temporal import ANALYSIS_QUEUE, DATA_CONVERTER
from workflows.analysis_score import AnalysisScore, scoring_id

D = Decimal
SYMBOL = "BTCUSDT"
LONG = Opinion(Signal.LONG, D("0.8"), "why", D(100), D(90), D(120), D(2))


@pytest.fixture(scope="module")
async def environment(ai_edge: Edge) -> AsyncIterator[WorkflowEnvironment]:
    """Return a Temporal whose time flies while nothing happens, and a worker on it."""
    program = str(Path(sys.executable).with_name("temporal-test-server"))
    settings, klines = ai_edge.services.settings, ai_edge.services.market.klines
    async with (
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=program, data_converter=DATA_CONVERTER
        ) as environment,
        open_connections(settings, ANALYSIS_NEEDS) as connections,
        run_analysis_worker(settings, connections, klines, environment.client),
    ):
        yield environment


Heard = dict[str, list[Event]]


@pytest.fixture
async def heard(ai_edge: Edge) -> AsyncIterator[Heard]:
    """Hear of scores, by analysis."""
    found: Heard = defaultdict(list)

    async def hear(message: AbstractIncomingMessage) -> None:
        event = read_event(message.body)
        assert isinstance(event.message, SignalScored)
        found[event.message.analysis_id].append(event)

    await ai_edge.services.connections.events.ready()
    async with await aio_pika.connect(ai_edge.services.settings.rabbitmq_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS_EXCHANGE, AI_SIGNAL_SCORED)
        await queue.consume(hear, no_ack=True)
        yield found


async def analysis_of(
    environment: WorkflowEnvironment, opinion: Opinion, model: str, timeframe: Timeframe
) -> Analysis:
    now = await environment.get_current_time()
    return Analysis(
        analysis_id=f"{secrets.token_hex(4)}-0000-4000-8000-{secrets.token_hex(6)}",
        workflow_id="analysis-of-a-test",
        subject=f"{SYMBOL}:{timeframe}",
        symbol=SYMBOL,
        timeframe=timeframe,
        candle_open_time=now - timedelta(days=1),
        price=D(101),
        indicators={"rsi": 50.0},
        opinion=opinion,
        provenance=Provenance(model, "market_analysis_v1", 10, 10, 1.0, is_repaired=False),
        created_at=now.replace(microsecond=0),
    )


async def move(edge: Edge, analysis: Analysis, *ranges: tuple[int, int]) -> None:
    """Let the price go through these, candle by candle, and then stand still at 101."""
    span = scoring_span(analysis.timeframe, analysis.created_at)
    enrichment = Enrichment(CandleSource.REST, span.first, span.first, None)
    stored: list[StoredCandle] = []
    time = span.first
    while time <= span.last:
        low, high = ranges[len(stored)] if len(stored) < len(ranges) else (101, 101)
        candle = Candle(
            SYMBOL, span.timeframe, time, close_time_of(span.timeframe, time),
            D(low), D(high), D(low), D(high), D(1), closed=True,
        )  # fmt: skip
        stored.append(StoredCandle(candle, NO_INDICATORS, enrichment))
        time = next_open_time(span.timeframe, time)
    await MongoCandles(edge.services.connections.database).correct(stored)


async def test_scores_and_the_scorecard(
    ai_edge: Edge, environment: WorkflowEnvironment, heard: Heard
) -> None:
    model = f"model-{secrets.token_hex(4)}"
    store = MongoAnalyses(ai_edge.services.connections.database)
    signed_in = await ai_edge.register()
    user_id, token = signed_in["user"]["id"], signed_in["token"]
    lives = (
        (Timeframe.M1, ((99, 101), (101, 121)), Outcome.TAKE_PROFIT, D(2)),
        (Timeframe.M5, ((99, 101), (89, 121)), Outcome.STOP, D(-1)),
        (Timeframe.M15, ((99, 101),), Outcome.NEITHER, D("0.1")),
        (Timeframe.H1, ((101, 102),), Outcome.NOT_ENTERED, None),
    )
    for timeframe, ranges, outcome, r_multiple in lives:
        analysis = await analysis_of(environment, LONG, model, timeframe)
        await store.keep(analysis, [user_id])
        await move(ai_edge, analysis, *ranges)
        handle = await environment.client.start_workflow(
            AnalysisScore.run,
            args=[analysis, [user_id], [Telling.PUBLISH, Telling.PUSH]],
            id=scoring_id(analysis.analysis_id),
            task_queue=ANALYSIS_QUEUE,
        )
        score = await handle.result()
        assert score is not None
        assert (score.outcome, score.r_multiple) == (outcome, r_multiple)
        history = await handle.fetch_history()
        await replayer(AnalysisScore).replay_workflow(history)
        if os.environ.get("RECORD_HISTORIES"):
            keep("analysis/score", history)
        path = f"/api/ai/analyses/{analysis.analysis_id}"
        shown = read(await ai_edge.http.get(path, headers=bearer(token)))["score"]
        assert shown["outcome"] == outcome
        await until(partial(_is_heard, heard, analysis.analysis_id))
        (event,) = heard[analysis.analysis_id]
        message = event.message
        assert isinstance(message, SignalScored)
        assert (message.outcome, message.r_multiple) == (outcome, r_multiple)
        assert (message.user_id, message.created_at) == (user_id, analysis.created_at)
    unscored = await analysis_of(environment, LONG, model, Timeframe.H4)
    await store.keep(unscored, [user_id])
    neutral = Opinion(Signal.NEUTRAL, D("0.4"), "why")
    await store.keep(replace(unscored, analysis_id="0", opinion=neutral), [user_id])
    await store.keep(replace(unscored, analysis_id="1", subject="own numbers"), [user_id])
    for params in ({"model": model}, {"model": model, "symbol": SYMBOL}):
        response = await ai_edge.http.get("/api/ai/scorecard", params=params, headers=bearer(token))
        assert read(response)["items"] == [
            {
                "model": model,
                "prompt_version": "market_analysis_v1",
                "analyses": 5,
                "scored": 4,
                "entered": 3,
                "take_profit": 1,
                "stop": 1,
                "neither": 1,
                "not_entered": 1,
                "hit_rate": D("0.3333"),
                "mean_r": D("0.3667"),
            }
        ]
    nothing = await ai_edge.http.get(
        "/api/ai/scorecard", params={"model": "none"}, headers=bearer(token)
    )
    assert read(nothing) == {"items": []}


async def _is_heard(heard: Heard, analysis_id: str) -> bool:
    return bool(heard[analysis_id])


async def test_a_neutral_analysis_is_not_scored(environment: WorkflowEnvironment) -> None:
    neutral = Opinion(Signal.NEUTRAL, D("0.4"), "why")
    analysis = await analysis_of(environment, neutral, "a model", Timeframe.M1)
    handle = await environment.client.start_workflow(
        AnalysisScore.run,
        args=[analysis, ["somebody"], []],
        id=scoring_id(analysis.analysis_id),
        task_queue=ANALYSIS_QUEUE,
    )
    assert await handle.result() is None
    events = (await handle.fetch_history()).events
    assert not any(event.HasField("timer_started_event_attributes") for event in events)
