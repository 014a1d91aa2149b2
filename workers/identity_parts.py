"""The sign-in, composed from the settings and open connections."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.credential_vault import MongoCredentialVault, decode_key
from adapters.local_throttle import ThrottleLimits
from adapters.mongo import Database
from adapters.mongo_activity import MongoActivity
from adapters.mongo_sign_ins import MongoSignIns
from adapters.mongo_users import MongoUsers
from adapters.passwords import PasswordHasher
from adapters.redis_invalidation import Invalidations
from adapters.redis_throttle import RedisThrottle
from adapters.sandbox_accounts import SandboxAccounts
from adapters.tokens import AccessTokens
from domain.ports import AccountOpening
from workers.access import access_tokens
from workers.activity_log import ActivityLog
from workers.connections import Connections
from workers.identity import Identity
from workers.new_accounts import NewAccounts
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class IdentityParts:
    """What belongs to people: their sign-in, their keys at the venue, their accounts."""

    identity: Identity
    tokens: AccessTokens
    users: MongoUsers
    vault: MongoCredentialVault
    new_accounts: NewAccounts


def credential_vault(
    settings: Settings, database: Database, invalidations: Invalidations | None = None
) -> MongoCredentialVault:
    """Make the vault that the settings describe; see there for `invalidations`.

    Raises:
        ValueError: A key is not the base64 of 32 bytes.
    """
    secrets = {
        **settings.credentials_previous_keys,
        settings.credentials_key_id: settings.credentials_key,
    }
    keys = {key_id: decode_key(secret.get_secret_value()) for key_id, secret in secrets.items()}
    return MongoCredentialVault(database, settings.credentials_key_id, keys, invalidations)


@contextmanager
def open_identity(
    settings: Settings,
    connections: Connections,
    accounts: AccountOpening,
    activity: ActivityLog | None = None,
) -> Iterator[IdentityParts]:
    """Put the parts together; the threads of the password hash end with the context.

    What people do is written down by `activity`; where there is none nobody runs it, and only
    what has to be written at once is.
    """
    database = connections.database
    activity = activity or ActivityLog(MongoActivity(database))
    users = MongoUsers(database)
    tokens = access_tokens(settings)
    vault = credential_vault(settings, database, connections.invalidations)
    exchange = SandboxAccounts(settings.exchange_url)
    new_accounts = NewAccounts(settings.venue, exchange, vault, accounts, users)
    hasher = PasswordHasher()
    identity = Identity(
        users=users,
        sign_ins=MongoSignIns(database),
        hasher=hasher,
        tokens=tokens,
        throttle=RedisThrottle(connections.redis, _limits(settings)),
        new_accounts=new_accounts,
        activity=activity,
    )
    try:
        yield IdentityParts(identity, tokens, users, vault, new_accounts)
    finally:
        hasher.close()


def _limits(settings: Settings) -> ThrottleLimits:
    return ThrottleLimits(
        window_s=settings.sign_in_window_s,
        per_account_and_address=settings.failures_per_account_and_address,
        per_address=settings.failures_per_address,
        per_account=settings.failures_per_account,
        registrations_per_address=settings.registrations_per_address,
    )
