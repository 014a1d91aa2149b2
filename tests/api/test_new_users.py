"""What somebody who has just registered finds."""

from decimal import Decimal
from typing import Any

from tests.api.people import Edge


async def test_a_new_user_has_play_money_and_keys(edge: Edge) -> None:
    pair = await edge.register()
    user_id = pair["user"]["id"]
    account = await edge.services.accounts.load(user_id)
    assert account.balances["USDT"].free == Decimal(10_000)
    credentials = await edge.services.vault.credentials(user_id)
    assert credentials is not None
    assert credentials.api_key
    stored: Any = await edge.services.connections.database["users"].find_one({"_id": user_id})
    assert stored["account_opened"] is True
    assert credentials.api_secret not in str(stored)
