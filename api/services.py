"""What the routes of one application work with, composed at its start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from adapters.candle_history import CandleHistory
from adapters.credential_vault import MongoCredentialVault
from adapters.ending_tasks import end_tasks
from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_activity import MongoActivity
from adapters.mongo_candles import MongoCandles
from adapters.mongo_schema import ensure_schema
from adapters.mongo_symbols import MongoSymbols
from adapters.tokens import CachedTokens
from adapters.venue_symbols import VenueSymbolBook
from api.analysis_edge import AnalysisEdge, analysis_edge
from api.archive_edge import ArchiveEdge, archive_edge
from api.known_symbols import KnownSymbols
from api.metrics import HttpMetrics
from api.notification_edge import NotificationEdge, open_notification_edge
from api.origin import current_origin
from api.paper_edge import PaperEdge, paper_edge
from api.readiness import Probe, Readiness
from domain.errors import Retryable
from domain.ports import SymbolBook, TokenVerifier
from workers.activity_log import ActivityLog
from workers.connections import Connections
from workers.identity import Identity
from workers.identity_parts import IdentityParts, open_identity
from workers.notice_desk import BackgroundNotices, NoticeDesk
from workers.seed import seed
from workers.settings import Settings
from workers.trading_parts import Trading, open_trading
from workers.venue_market import VenueMarket, open_venue_market

log = structlog.get_logger(__name__)

# How often the start is tried again while a store or the exchange is away.
PREPARATION_RETRY_S = 0.5
_SCHEMA_AND_PEOPLE = "schema_and_people"
# Until the venue has told them, no order can be checked.
_SYMBOLS = "symbols"


@dataclass(slots=True)
class Services:
    """One object in `app.state.services`; routes reach it through `api.dependencies`."""

    settings: Settings
    connections: Connections
    market: VenueMarket
    metrics: HttpMetrics
    readiness: Readiness
    verifier: TokenVerifier
    identity: Identity
    activity: ActivityLog
    activities: MongoActivity
    vault: MongoCredentialVault
    accounts: MongoAccountStore
    symbols: SymbolBook
    known_symbols: KnownSymbols
    candles: CandleHistory
    trading: Trading
    analysis: AnalysisEdge
    paper: PaperEdge
    archive: ArchiveEdge
    notifications: NotificationEdge


@asynccontextmanager
async def open_services(
    settings: Settings, connections: Connections, metrics: HttpMetrics
) -> AsyncIterator[Services]:
    """Put an application's parts together; `/readyz` fails until their stores are prepared."""
    accounts = MongoAccountStore(connections.database)
    activities = MongoActivity(connections.database)
    notices = BackgroundNotices()
    activity = ActivityLog(
        activities, partial(current_origin, settings.trusted_proxies), notices.announce
    )
    with open_identity(settings, connections, accounts, activity) as people:
        async with (
            open_trading(settings, connections, accounts, people.vault) as trading,
            open_notification_edge(settings, connections) as notifications,
            open_venue_market(settings) as market,
            activity.running(),
        ):
            notices.open(NoticeDesk(trading.client))
            services = Services(
                settings=settings,
                connections=connections,
                market=market,
                metrics=metrics,
                readiness=Readiness(
                    _probes(connections, trading), pending={_SCHEMA_AND_PEOPLE, _SYMBOLS}
                ),
                verifier=CachedTokens(people.tokens),
                identity=people.identity,
                activity=activity,
                activities=activities,
                vault=people.vault,
                accounts=accounts,
                symbols=market.symbols,
                known_symbols=_known_symbols(settings, connections, market.symbols),
                candles=CandleHistory(
                    MongoCandles(connections.database),
                    connections.redis,
                    market.klines,
                    connections.cache,
                ),
                trading=trading,
                analysis=analysis_edge(settings, connections, trading.client),
                paper=paper_edge(connections, market.symbols, trading.client),
                archive=archive_edge(connections.database, trading.client),
                notifications=notifications,
            )
            background = [
                asyncio.create_task(_prepare(services, people)),
                asyncio.create_task(_learn_symbols(services)),
                asyncio.create_task(services.known_symbols.run()),
            ]
            try:
                yield services
            finally:
                await end_tasks(background)
                await notices.close()


def _known_symbols(
    settings: Settings, connections: Connections, symbols: VenueSymbolBook
) -> KnownSymbols:
    stored = MongoSymbols(connections.database, settings.venue)
    return KnownSymbols(symbols, stored, connections.cache, settings.venue)


async def _prepare(services: Services, people: IdentityParts) -> None:
    # In the background: a process that waited for its stores before it listens could not
    # say what it waits for.
    while True:
        try:
            await ensure_schema(services.connections.database)
            await seed(people)
        except Retryable as error:
            log.warning("preparation_waits", detail=error.detail)
        except Exception:
            # Not a passing fault, but `/readyz` is where operators look first.
            log.exception("preparation_failed")
        else:
            await services.readiness.finish(_SCHEMA_AND_PEOPLE)
            return
        await asyncio.sleep(PREPARATION_RETRY_S)


async def _learn_symbols(services: Services) -> None:
    await services.market.symbols.ready()
    await services.readiness.finish(_SYMBOLS)


def _probes(connections: Connections, trading: Trading) -> dict[str, Probe]:
    return {
        "mongodb": lambda: connections.database.command("ping"),
        "redis": connections.redis.ping,
        "rabbitmq": connections.events.ready,
        "temporal": trading.client.service_client.check_health,
        "venue": trading.venue.server_time_ms,
    }
