"""What people do is written down, and read by nobody but them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import ErrorCode, Retryable
from tests.api.people import PASSWORD, Edge, bearer
from tests.api.routes.trading import D, Trader, read, refused, until

ACTIVITY = "/api/activity"
HEADERS = {b"User-Agent": "a clumsy browser\u2028 1.0".encode(), b"X-Request-Id": b"request-7"}


async def activity(edge: Edge, token: str, **params: Any) -> list[dict[str, Any]]:
    response = await edge.http.get(ACTIVITY, headers=bearer(token), params=params)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "private, no-store"
    items: list[dict[str, Any]] = read(response)["items"]
    return items


async def kinds(edge: Edge, token: str, **params: Any) -> list[str]:
    return [each["kind"] for each in await activity(edge, token, **params)]


async def test_sign_ins_are_there_when_they_are_answered_and_say_from_where(edge: Edge) -> None:
    began = datetime.now(UTC).isoformat()
    pair = await edge.register()
    body = {"email": pair["user"]["email"], "password": PASSWORD}
    assert (await edge.http.post("/api/auth/login", json=body, headers=HEADERS)).is_success
    signed_in, registered = await activity(edge, pair["token"])
    assert (signed_in["kind"], registered["kind"]) == ("signed_in", "registered")
    assert signed_in["timestamp"] > registered["timestamp"] > began[:19]
    assert signed_in["address"] == "127.0.0.1"
    assert (signed_in["user_agent"], signed_in["request_id"]) == (
        "a clumsy browser 1.0",
        "request-7",
    )
    assert set(signed_in["details"]) == {"session_id"}


async def test_what_may_be_an_attack_is_there_too(edge: Edge) -> None:
    pair = await edge.register()
    assert (await edge.login(pair["user"]["email"], "not-the-password")).status_code == 401
    await edge.refresh(pair["refresh_token"])
    assert (await edge.refresh(pair["refresh_token"])).json()["code"] == "TOKEN_REUSED"

    async def noted() -> bool:
        return await kinds(edge, pair["token"]) == ["token_reused", "sign_in_failed", "registered"]

    await until(noted, "a failed sign-in and a stolen token")
    assert "not-the-password" not in str(await activity(edge, pair["token"]))


async def test_a_sign_out_is_written_down_once(edge: Edge) -> None:
    pair = await edge.register()
    for _ in range(2):
        body = {"refresh_token": pair["refresh_token"]}
        assert (await edge.http.post("/api/auth/logout", json=body)).status_code == 204
    await edge.login(pair["user"]["email"])

    async def noted() -> bool:
        return "signed_out" in await kinds(edge, pair["token"])

    await until(noted, "the sign-out")
    assert (await kinds(edge, pair["token"])).count("signed_out") == 1


async def test_orders_and_changed_settings(trader: Trader) -> None:
    trade = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    await trader.call("DELETE", f"/api/trades/{trade['trade_id']}")
    await trader.put("/api/risk/limits", max_daily_loss_pct=D("2.5"))
    await trader.put("/api/risk/trading-state", state="REDUCING", reason="tired")
    await trader.put("/api/risk/trading-state", state="HALTED", reason="asleep")
    halted = (await activity(trader.edge, trader.token))[0]
    assert (halted["kind"], halted["details"]) == ("trading_halted", {"reason": "asleep"})
    expected = [
        "trading_halted", "trading_state_changed", "risk_limits_changed", "cancel_asked",
        "order_asked", "registered",
    ]  # fmt: skip

    async def noted() -> bool:
        return await kinds(trader.edge, trader.token) == expected

    await until(noted, "everything that was done")
    found = {each["kind"]: each for each in await activity(trader.edge, trader.token)}
    assert found["order_asked"]["details"] == {
        "trade_id": trade["trade_id"], "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT",
    }  # fmt: skip
    assert found["cancel_asked"]["details"] == {"trade_id": trade["trade_id"]}
    assert found["risk_limits_changed"]["details"] == {"max_daily_loss_pct": D("2.5")}


async def test_changed_keys_are_told_without_them(trader: Trader) -> None:
    keys = await trader.market.open_account(USDT=10_000)
    body = {name: keys[name] for name in ("api_key", "api_secret")}
    response = await trader.call("PUT", "/api/account/venue-credentials", body)
    assert response.status_code == 204, response.text
    (changed,) = await activity(trader.edge, trader.token, kind="venue_credentials_changed")
    assert changed["details"] == {}
    assert not {keys["api_key"], keys["api_secret"]} & set(str(changed).split("'"))


async def test_filters_and_pages(edge: Edge) -> None:
    pair = await edge.register()
    for _ in range(3):
        await edge.login(pair["user"]["email"])
    whole = await activity(edge, pair["token"])
    assert await activity(edge, pair["token"], kind="signed_in") == whole[:3]
    assert await activity(edge, pair["token"], since=whole[1]["timestamp"]) == whole[:2]
    seen: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": 3}
    while True:
        response = await edge.http.get(ACTIVITY, headers=bearer(pair["token"]), params=params)
        seen += read(response)["items"]
        if read(response)["next_cursor"] is None:
            break
        params["cursor"] = read(response)["next_cursor"]
    assert seen == whole
    response = await edge.http.get(ACTIVITY, headers=bearer(pair["token"]), params={"kind": "x"})
    refused(response, 422, "INVALID_REQUEST")


async def test_what_is_archived_is_in_the_list(edge: Edge) -> None:
    pair = await edge.register()
    await edge.login(pair["user"]["email"])
    whole = await activity(edge, pair["token"])
    database = edge.services.connections.database
    hot: Any = await database["user_activity"].find_one({"_id": whole[1]["activity_id"]})
    moved = hot | {"archived_at": datetime.now(UTC)}
    await database["archive_user_activity"].insert_one(moved)
    assert await activity(edge, pair["token"]) == whole, "in both for a moment"
    await database["user_activity"].delete_one({"_id": hot["_id"]})
    assert await activity(edge, pair["token"]) == whole


async def test_nobody_reads_anothers(edge: Edge) -> None:
    one, another = await edge.register(), await edge.register()
    assert await kinds(edge, one["token"]) == await kinds(edge, another["token"]) == ["registered"]
    assert (await edge.http.get(ACTIVITY)).status_code == 401


async def test_a_halt_is_answered_also_where_it_cannot_be_written_down_yet(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is halted by then: to say that it failed would be wrong."""
    log = trader.edge.services.activity
    insert = log._store.insert
    is_away = True

    async def sometimes(activities: Any) -> None:
        if is_away:
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")
        await insert(activities)

    monkeypatch.setattr(log._store, "insert", sometimes)
    response = await trader.put("/api/risk/trading-state", state="HALTED", reason="")
    assert response.status_code == 200, response.text
    is_away = False

    async def written() -> bool:
        return "trading_halted" in await kinds(trader.edge, trader.token)

    await until(written, "the halt")


async def test_other_ways_to_be_told_are_written_down(trader: Trader) -> None:
    response = await trader.put("/api/notifications/settings", events=["trade.executed"])
    assert response.status_code == 200, response.text
    (changed,) = await activity(trader.edge, trader.token, kind="notification_settings_changed")
    assert changed["details"] == {"changed": ["events"]}
