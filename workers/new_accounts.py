"""What a new user gets by itself: on the sandbox, an account with play money."""

from decimal import Decimal

import structlog

from adapters.credential_vault import MongoCredentialVault
from adapters.mongo_users import MongoUsers
from adapters.sandbox_accounts import SandboxAccounts
from domain.ports import AccountOpening
from workers.settings import Venue

log = structlog.get_logger(__name__)

OPENING_BALANCES = {"USDT": Decimal(10_000)}


class NewAccounts:
    """Opens the account of a new user, in steps that may be interrupted and repeated.

    1. The exchange makes an account. If nothing follows it stays there unused.
    2. Its keys are kept, unless somebody else's step 2 came first.
    3. The trading account is made; again, once.
    4. The user is marked, and nothing of this happens again.
    """

    def __init__(
        self,
        venue: Venue,
        exchange: SandboxAccounts,
        vault: MongoCredentialVault,
        accounts: AccountOpening,
        users: MongoUsers,
    ) -> None:
        self._venue = venue
        self._exchange = exchange
        self._vault = vault
        self._accounts = accounts
        self._users = users

    @property
    def are_opened_here(self) -> bool:
        """Whether new users get an account by themselves."""
        return self._venue == "sandbox"

    async def open_for(self, user_id: str) -> None:
        """Do what is left to do for one user.

        Raises:
            Retryable: The exchange or a store could not be reached; call it again later.
        """
        if not self.are_opened_here:
            return
        if await self._vault.credentials(user_id) is None:
            credentials = await self._exchange.open(OPENING_BALANCES)
            await self._vault.store_first(user_id, credentials)
        await self._accounts.open_account(user_id, OPENING_BALANCES)
        await self._users.mark_account_opened(user_id)
        log.info("account_opened", user_id=user_id)
