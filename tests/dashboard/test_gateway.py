"""A browser's own WebSocket holds the conversation that the interface promises."""

from typing import Any

from tests.dashboard.visitor import Visitor

_CONVERSATION = """async ([url, token]) => {
    const frames = [];
    const line = new WebSocket(url);
    let heard = () => {};
    line.onmessage = ({ data }) => { frames.push(JSON.parse(data)); heard(); };
    const next = async (type) => {
        for (;;) {
            const at = frames.findIndex((frame) => frame.type === type);
            if (at >= 0) return frames.splice(at, 1)[0];
            await new Promise((resolve) => { heard = resolve; });
        }
    };
    const say = (message) => line.send(JSON.stringify(message));
    const told = {};
    told.connected = await next("connected");
    say({ type: "subscribe", channels: ["BTCUSDT@ticker"] });
    told.refused = await next("error");
    say({ type: "auth", token });
    told.authenticated = await next("authenticated");
    say({ type: "subscribe", channels: ["BTCUSDT@ticker", "orders", "account"] });
    told.subscribed = await next("subscribed");
    told.first = await next("price_update");
    told.second = await next("price_update");
    say({ type: "ping", id: 7 });
    told.pong = await next("pong");
    say({ type: "unsubscribe", channels: ["BTCUSDT@ticker"] });
    told.unsubscribed = await next("unsubscribed");
    frames.length = 0;
    say({ type: "ping", id: 8 });
    await next("pong");
    told.afterwards = frames.map((frame) => frame.type);
    line.close(1000);
    return told;
}"""


async def test_the_conversation_of_the_interface(visitor: Visitor) -> None:
    await visitor.open()
    config = (await visitor.http.get("/api/config")).json()
    told: dict[str, Any] = await visitor.page.evaluate(
        _CONVERSATION, [config["ws_url"], visitor.token]
    )
    assert told["connected"]["data"]
    assert told["refused"]["data"]["code"]
    assert told["authenticated"]["data"]["user_id"]
    subscribed = told["subscribed"]["data"]
    assert set(subscribed["channels"]) == {"BTCUSDT@ticker", "orders", "account"}
    assert set(subscribed["snapshot"]) == {"BTCUSDT@ticker", "orders", "account"}
    assert subscribed["snapshot"]["orders"] == []
    assert [row["asset"] for row in subscribed["snapshot"]["account"]["balances"]] == ["USDT"]
    first, second = told["first"], told["second"]
    assert first["channel"] == second["channel"] == "BTCUSDT@ticker"
    assert second["sequence"] > first["sequence"]
    assert first["data"]["bid"] <= first["data"]["ask"]
    assert told["pong"]["data"]["id"] == 7
    assert told["unsubscribed"]["data"]["channels"] == ["BTCUSDT@ticker"]
    assert "price_update" not in told["afterwards"]
