"""What the routes of analyses work with."""

from dataclasses import dataclass

from temporalio.client import Client

from adapters.analysis_cache import AnalysisCopies
from adapters.mongo_analyses import MongoAnalyses
from adapters.redis_rate_limit import RedisRateLimit
from workers.analysis_budget import analysis_budget
from workers.analysis_desk import AnalysisDesk
from workers.connections import Connections
from workers.settings import Settings

# So many analyses a user may ask for in any minute, those out of the cache included.
ANALYSES_PER_WINDOW = 10
WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class AnalysisEdge:
    """The parts, composed once for an application."""

    store: MongoAnalyses
    copies: AnalysisCopies
    desk: AnalysisDesk
    rate: RedisRateLimit


def analysis_edge(settings: Settings, connections: Connections, client: Client) -> AnalysisEdge:
    """Compose them; nothing is opened that the process has not open already."""
    store = MongoAnalyses(connections.database)
    return AnalysisEdge(
        store=store,
        copies=AnalysisCopies(connections.cache, store),
        desk=AnalysisDesk(client, analysis_budget(settings, connections)),
        rate=RedisRateLimit(connections.redis, "analyze", ANALYSES_PER_WINDOW, WINDOW_S),
    )
