"""The edge, composed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api.dashboard import DIST, Dashboard, dashboard_router
from api.errors import documented_problems, install_error_handlers
from api.metrics import HttpMetrics
from api.middleware import EdgeMiddleware
from api.routes import (
    account,
    activity,
    ai,
    analytics,
    archives,
    auth,
    candles,
    config,
    health,
    market,
    notifications,
    paper_trading,
    positions,
    risk,
    trades,
)
from api.routes.config import product_version
from api.services import open_services
from workers.connections import open_connections
from workers.settings import Settings
from workers.trading_parts import TRADING_NEEDS

# Looked through in this order for every request: what is asked for most often comes first.
ROUTERS = (
    trades.router,
    market.router,
    auth.router,
    config.router,
    health.router,
    candles.router,
    positions.router,
    account.router,
    risk.router,
    ai.router,
    paper_trading.router,
    notifications.router,
    activity.router,
    archives.router,
    analytics.router,
)


def create_app(settings: Settings) -> FastAPI:
    """Make the application; connections open when its lifespan begins."""
    metrics = HttpMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_connections(settings, TRADING_NEEDS) as connections,
            open_services(settings, connections, metrics) as services,
        ):
            app.state.services = services
            yield

    # Its pages come from here, not from somebody's CDN.
    app = FastAPIOffline(
        title="Bot Core",
        version=product_version(),
        lifespan=lifespan,
        responses=documented_problems(),
        redoc_url=None,
        # A redirect would be to whatever host the client's headers name.
        redirect_slashes=False,
    )
    app.add_middleware(
        EdgeMiddleware,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        body_timeout_s=settings.request_timeout_s,
    )
    install_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    # Last, so that no call of the interface is looked for among its files.
    app.include_router(dashboard_router(Dashboard(DIST, settings.websocket_url)))
    return app
