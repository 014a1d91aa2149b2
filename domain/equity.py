"""What an account is worth at live prices."""

from collections.abc import Mapping
from decimal import Decimal

from domain.account import ACCOUNT_QUOTE_ASSET, ZERO, Account
from domain.precision import nearest_unit


def priced_symbols(account: Account) -> list[str]:
    """Return the symbols whose prices `equity` needs: one for each other asset held."""
    return sorted(
        asset + ACCOUNT_QUOTE_ASSET
        for asset, balance in account.balances.items()
        if balance.total and asset != ACCOUNT_QUOTE_ASSET
    )


def equity(account: Account, prices: Mapping[str, Decimal]) -> Decimal | None:
    """Return the worth of everything held, in the account's quote asset.

    None where something is held that has no live price: a sum without it would be wrong.

    Args:
        account: Free and locked balances both count.
        prices: The live price of each symbol, where there is one.
    """
    worth = account.balance(ACCOUNT_QUOTE_ASSET).total
    for symbol in priced_symbols(account):
        price = prices.get(symbol)
        if price is None:
            return None
        worth += price * account.balance(symbol.removesuffix(ACCOUNT_QUOTE_ASSET)).total
    return nearest_unit(worth + ZERO)
