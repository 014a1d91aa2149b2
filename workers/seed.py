"""The two people of the sandbox: `python -m workers.seed`."""

import asyncio

import structlog

from adapters.mongo_accounts import MongoAccountStore
from adapters.mongo_schema import ensure_schema
from adapters.mongo_users import StoredUser
from domain.errors import ErrorCode, Rejected, Retryable
from domain.identity import OPERATOR
from workers.connections import Need, open_connections
from workers.identity_parts import IdentityParts, open_identity
from workers.logs import configure_logs
from workers.settings import Settings

log = structlog.get_logger(__name__)

# Published in the README; there is nothing but play money behind it.
SEED_PASSWORD = "botcore-demo"  # noqa: S105 - known to everybody, and meant to be
SEED_PEOPLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("demo@example.com", "Demo", ()),
    ("operator@example.com", "Operator", (OPERATOR,)),
)


async def seed(parts: IdentityParts) -> None:
    """Make them, and their accounts; only where the venue is the sandbox.

    Raises:
        Retryable: A store or the exchange could not be reached; call it again later.
    """
    if not parts.new_accounts.are_opened_here:
        return
    for email, full_name, roles in SEED_PEOPLE:
        stored = await parts.users.by_email(email)
        if stored is None:
            stored = await _add(parts, email, full_name, roles)
        if stored.account_opened is False:
            await parts.new_accounts.open_for(stored.user.user_id)


async def _add(
    parts: IdentityParts, email: str, full_name: str, roles: tuple[str, ...]
) -> StoredUser:
    try:
        stored = await parts.identity.add_user(email, SEED_PASSWORD, full_name, roles)
    except Rejected as error:
        # Another process seeds at this moment, and was faster.
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "Somebody else seeds, too.") from error
    log.info("seeded", email=email)
    return stored


async def main() -> None:
    """Seed once and leave."""
    settings = Settings()
    configure_logs(settings.log_level)
    async with open_connections(settings, {Need.MONGODB, Need.REDIS}) as connections:
        await ensure_schema(connections.database)
        accounts = MongoAccountStore(connections.database)
        with open_identity(settings, connections, accounts) as parts:
            await seed(parts)


if __name__ == "__main__":
    asyncio.run(main())
