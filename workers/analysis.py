"""The analysis worker: the queue `analysis`, served by every trading worker process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.analysis import AnalysisActivities
from activities.model_asking import ModelAsking
from activities.prompts import load_prompt
from adapters.analysis_cache import AnalysisCopies
from adapters.analysis_history import AnalysisHistory
from adapters.analysis_metrics import AnalysisMetrics
from adapters.binance_klines import BinanceKlines
from adapters.candle_history import CandleHistory
from adapters.mongo_analyses import MongoAnalyses
from adapters.mongo_candles import MongoCandles
from adapters.openai_model import OpenAIModel
from adapters.redis_circuit import RedisCircuit
from adapters.redis_feed import RedisUserFeed
from adapters.redis_quotes import RedisQuoteBoard
from domain.ai_budget import ModelPrices
from domain.timing import MODEL_TIMEOUT_S
from workers.analysis_budget import analysis_budget
from workers.clock import utc_now
from workers.connections import Connections, Need
from workers.score_desk import ScoreDesk
from workers.settings import Settings
from workers.temporal import ANALYSIS_QUEUE
from workflows.ai_analysis import AIAnalysis
from workflows.analysis_score import AnalysisScore

ANALYSIS_NEEDS = frozenset({Need.MONGODB, Need.REDIS, Need.CACHE, Need.EVENTS})

# Analyses wait for the model most of the time; scores wait for days, and not in memory.
MAX_CONCURRENT_STEPS = 50
MAX_CACHED_WORKFLOWS = 200


@asynccontextmanager
async def run_analysis_worker(
    settings: Settings, connections: Connections, klines: BinanceKlines, client: Client
) -> AsyncIterator[None]:
    """Serve the queue `analysis` while this is open."""
    async with AsyncExitStack() as stack:
        model = OpenAIModel(
            base_url=settings.model_base_url,
            api_key=settings.openai_api_key.get_secret_value(),
            name=settings.model_name,
        )
        stack.push_async_callback(model.close)
        activities = _activities(settings, connections, klines, model, ScoreDesk(client))
        await stack.enter_async_context(_worker(client, activities))
        yield


def _worker(client: Client, activities: AnalysisActivities) -> Worker:
    return Worker(
        client,
        task_queue=ANALYSIS_QUEUE,
        workflows=[AIAnalysis, AnalysisScore],
        activities=activities.all,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=MAX_CACHED_WORKFLOWS,
        max_concurrent_activities=MAX_CONCURRENT_STEPS,
        max_concurrent_local_activities=MAX_CONCURRENT_STEPS,
    )


def _activities(
    settings: Settings,
    connections: Connections,
    klines: BinanceKlines,
    model: OpenAIModel,
    scoring: ScoreDesk,
) -> AnalysisActivities:
    candles = CandleHistory(
        MongoCandles(connections.database),
        connections.redis,
        klines,
        connections.cache,
    )
    store = MongoAnalyses(connections.database)
    meter = AnalysisMetrics(model.name)
    return AnalysisActivities(
        history=AnalysisHistory(candles),
        quotes=RedisQuoteBoard(connections.redis),
        asking=ModelAsking(
            model=model,
            budget=analysis_budget(settings, connections),
            circuit=RedisCircuit(connections.redis, f"model:{model.name}"),
            meter=meter,
            prices=ModelPrices(
                settings.openai_prompt_usd_per_million_tokens,
                settings.openai_completion_usd_per_million_tokens,
            ),
            prompt=load_prompt(),
            clock=utc_now,
            timeout_s=min(settings.openai_timeout_s, MODEL_TIMEOUT_S),
        ),
        meter=meter,
        store=store,
        cache=AnalysisCopies(connections.cache, store),
        bus=connections.events,
        feed=RedisUserFeed(connections.redis),
        scoring=scoring,
        clock=utc_now,
    )
