"""What asking the model may cost a day, in every process that asks."""

from adapters.ai_budget import RedisAiBudget
from domain.ai_budget import allowance
from workers.connections import Connections
from workers.settings import Settings


def analysis_budget(settings: Settings, connections: Connections) -> RedisAiBudget:
    """Return the daily budget of this installation."""
    return RedisAiBudget(
        connections.redis,
        allowance(settings.ai_tokens_per_day, settings.ai_usd_per_day),
        allowance(settings.ai_tokens_per_day_per_user, settings.ai_usd_per_day_per_user),
    )
