"""Settings of the exchange: command line first, then `SANDBOX_…` variables, then defaults."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen at start.

    Attributes:
        directory: Where the journal lives.
        seed: Of the market model.
        steps_per_s: Model steps a second and symbol.
        replay: A kline CSV in Binance's public-data columns for `replay_symbol`.
        replay_speed: Seconds of the file that pass in one second.
        weight_limit: Request weight a minute and address.
        order_limit_10s: New orders in ten seconds, by account.
        order_limit_1d: New orders a day, by account.
    """

    host: str
    port: int
    directory: Path
    seed: int
    steps_per_s: float
    replay: Path | None
    replay_symbol: str
    replay_speed: float
    maker_rate: Decimal
    taker_rate: Decimal
    weight_limit: int
    order_limit_10s: int
    order_limit_1d: int


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Read the command line (`None` for the process's own) and the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.exchange",
        description="A spot exchange that speaks Binance's API, for development and tests.",
    )

    def option(name: str, default: str | None, help_text: str) -> None:
        variable = "SANDBOX_" + name.upper().replace("-", "_")
        value = os.environ.get(variable, default)
        parser.add_argument(
            f"--{name}", default=value, required=value is None, help=f"{help_text} [{variable}]"
        )

    option("host", "127.0.0.1", "address to listen on")
    option("port", "8100", "port to listen on; 0 picks a free one")
    option("directory", None, "where the journal lives")
    option("seed", "7", "seed of the market model")
    option("steps-per-s", "5", "model steps a second and symbol")
    option("replay", "", "kline CSV in Binance's public-data columns")
    option("replay-symbol", "BTCUSDT", "symbol that follows the CSV")
    option("speed", "60", "seconds of the CSV that pass in one second")
    option("maker-bps", "10", "maker fee in basis points")
    option("taker-bps", "10", "taker fee in basis points")
    option("weight-limit", "6000", "request weight a minute and address")
    option("order-limit-10s", "100", "new orders in ten seconds and account")
    option("order-limit-1d", "200000", "new orders a day and account")
    chosen = parser.parse_args(arguments)
    return Settings(
        host=chosen.host,
        port=int(chosen.port),
        directory=Path(chosen.directory),
        seed=int(chosen.seed),
        steps_per_s=float(chosen.steps_per_s),
        replay=Path(chosen.replay) if chosen.replay else None,
        replay_symbol=chosen.replay_symbol,
        replay_speed=float(chosen.speed),
        maker_rate=Decimal(chosen.maker_bps) / 10_000,
        taker_rate=Decimal(chosen.taker_bps) / 10_000,
        weight_limit=int(chosen.weight_limit),
        order_limit_10s=int(chosen.order_limit_10s),
        order_limit_1d=int(chosen.order_limit_1d),
    )
