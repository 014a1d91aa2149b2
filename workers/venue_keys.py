"""Replacing a user's keys at the venue, so that no order ever meets two sets of keys."""

from dataclasses import replace

from domain.account import Account, Balance, TradingState
from domain.errors import ErrorCode, Rejected
from domain.ports import CredentialVault, VenueCredentials
from workers.trading_parts import Trading

_REASON = "the venue credentials are being replaced"


async def replace_keys(
    trading: Trading, vault: CredentialVault, user_id: str, credentials: VenueCredentials
) -> None:
    """Check keys at the venue, keep them, and take the balances of their account.

    Trading is halted in between: an order that was sent with the old keys could never be found
    with the new ones. If this process dies half-way the account stays halted, with the reason
    beside it, until its user repeats the call and sets the state again.

    Other processes hold copies of the old keys. The vault has told them by the time that it
    has stored the new ones, and they drop the copies before an order can pass the account
    again, which is later by a write to the store and a read of it.

    Raises:
        Rejected: `INVALID_REQUEST`; the venue refuses the keys, or orders are open.
        Retryable: The venue or the store could not be reached.
    """
    balances = await _balances(trading, credentials)
    await trading.accounts.open_account(user_id, {})
    before = await _halt(trading, user_id)
    try:
        await vault.store(user_id, credentials)
    except BaseException:
        await _resume(trading, user_id, before, None)
        raise
    await _resume(trading, user_id, before, balances)


async def _balances(trading: Trading, credentials: VenueCredentials) -> dict[str, Balance]:
    try:
        return await trading.venue.balances_with(credentials)
    except Rejected as error:
        fields = ("api_key", "api_secret")
        raise Rejected(
            ErrorCode.INVALID_REQUEST,
            "The venue refuses these keys.",
            errors=[{"field": field, "message": error.detail} for field in fields],
        ) from error


async def _halt(trading: Trading, user_id: str) -> Account:
    """Halt an account without open orders; return it as it was."""
    before: Account | None = None

    def decide(account: Account) -> Account:
        nonlocal before
        if account.orders:
            raise Rejected(
                ErrorCode.INVALID_REQUEST,
                "Orders are open at the venue under the present keys; cancel them first.",
            )
        before = account
        return replace(account, trading_state=TradingState.HALTED, trading_state_reason=_REASON)

    halted = await trading.accounts.change(user_id, decide)
    await trading.settlement.push_account(halted)
    assert before is not None  # noqa: S101 - change() has called decide()
    return before


async def _resume(
    trading: Trading, user_id: str, before: Account, balances: dict[str, Balance] | None
) -> None:
    """Give the account the state that it had, unless its user has set another meanwhile."""

    def decide(account: Account) -> Account:
        if balances is not None:
            account = replace(account, balances=balances)
        if account.trading_state_reason != _REASON:
            return account
        return replace(
            account,
            trading_state=before.trading_state,
            trading_state_reason=before.trading_state_reason,
        )

    account = await trading.accounts.change(user_id, decide)
    await trading.settlement.push_account(account)
