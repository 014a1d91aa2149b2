"""What the routes of one application work with, composed at its start."""

from dataclasses import dataclass, field

from adapters.tokens import AccessTokens, CachedTokens
from api.metrics import HttpMetrics
from api.readiness import Probe, Readiness
from domain.ports import TokenVerifier
from workers.connections import Connections, Need
from workers.settings import Settings

NEEDS = frozenset({Need.MONGODB, Need.REDIS})


@dataclass(slots=True)
class Services:
    """One object in `app.state.services`; routes reach it through `api.dependencies`."""

    settings: Settings
    connections: Connections
    metrics: HttpMetrics
    tokens: AccessTokens
    verifier: TokenVerifier
    readiness: Readiness = field(default_factory=Readiness)


def compose(settings: Settings, connections: Connections, metrics: HttpMetrics) -> Services:
    """Put an application's parts together; nothing is sent yet."""
    tokens = access_tokens(settings)
    return Services(
        settings=settings,
        connections=connections,
        metrics=metrics,
        tokens=tokens,
        verifier=CachedTokens(tokens),
        readiness=Readiness(probes=_probes(connections)),
    )


def access_tokens(settings: Settings) -> AccessTokens:
    """Make the issuer and verifier that the settings describe; the gateway uses it, too."""
    previous = {
        key_id: secret.get_secret_value()
        for key_id, secret in settings.jwt_previous_secrets.items()
    }
    current = {settings.jwt_key_id: settings.jwt_secret.get_secret_value()}
    return AccessTokens(settings.jwt_key_id, previous | current)


def _probes(connections: Connections) -> dict[str, Probe]:
    return {
        "mongodb": lambda: connections.database.command("ping"),
        "redis": connections.redis.ping,
    }
