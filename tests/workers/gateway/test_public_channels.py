"""Tickers and candles over real sockets."""

from tests.workers.gateway.conftest import MakeStage, Stage, until


async def test_a_subscription_shows_the_latest_ticker_at_once(stage: Stage) -> None:
    await stage.tick(41)
    watcher = await stage.connect_as("bob")
    await watcher.subscribe("BTCUSDT@ticker")
    await stage.tick(42)
    assert (await watcher.expect("price_update"))["sequence"] == 42
    client = await stage.connect_as("ann")
    snapshot = (await client.subscribe("BTCUSDT@ticker"))["snapshot"]
    assert snapshot["BTCUSDT@ticker"]["sequence"] == 42


async def test_a_ticker_from_before_the_gateway_is_known(make_stage: MakeStage) -> None:
    first = await make_stage()
    await first.tick(7)
    second = await make_stage()
    await until(lambda: second.gateway._services.public.latest("BTCUSDT@ticker") is not None)
    client = await second.connect_as("ann")
    told = await client.subscribe("BTCUSDT@ticker")
    assert told["snapshot"]["BTCUSDT@ticker"]["sequence"] == 7
