"""`python -m workers.analytics rebuild`: count signals anew from the analyses themselves."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from adapters.mongo_analytics import MongoAnalytics
from adapters.mongo_schema import ensure_schema
from domain.analytics import day_of
from domain.errors import Retryable
from workers.connections import Need, open_connections
from workers.operator_settings import NoSettingsError, operator_settings
from workers.settings import Settings

# As long as analyses stay in MongoDB (DATA_FLOW.md, "Retention Schedule"), and as long as hot.
MOST_DAYS = 90
USUAL_DAYS = 30
ATTEMPTS = 10
RETRY_S = 0.5
_DONE, _INCOMPLETE, _USAGE, _STORE_AWAY = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        settings = operator_settings()
    except NoSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    return asyncio.run(_rebuild(asked.days, settings, may_shrink=asked.may_shrink))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workers.analytics",
        description=__doc__,
        epilog="exit codes: 0 done, 1 some days were left as they are, 3 MongoDB is away",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    rebuild = commands.add_parser("rebuild", help="day by day, while the service goes on")
    rebuild.add_argument(
        "--days",
        type=int,
        default=USUAL_DAYS,
        choices=range(1, MOST_DAYS + 1),
        metavar=f"1..{MOST_DAYS}",
        help="today and the days before it (%(default)s)",
    )
    rebuild.add_argument(
        "--may-shrink",
        action="store_true",
        help="also days whose analyses have become fewer, such as those that left the archive",
    )
    return parser


async def _rebuild(days: int, settings: Settings, *, may_shrink: bool) -> int:
    async with open_connections(settings, {Need.MONGODB}) as connections:
        analytics = MongoAnalytics(connections.database)
        today = day_of(datetime.now(UTC))
        left_alone = 0
        try:
            await ensure_schema(connections.database)
            for back in range(days):
                day = today - timedelta(days=back)
                found = await _persistently(analytics, day, may_shrink=may_shrink)
                left_alone += found is None
                _tell(day, found)
        except Retryable as error:
            sys.stdout.write(f"MongoDB: {error.detail}\n")
            return _STORE_AWAY
    return _INCOMPLETE if left_alone else _DONE


async def _persistently(
    analytics: MongoAnalytics, day: datetime, *, may_shrink: bool
) -> int | None:
    """Rebuild a day; the service, which writes the same sums, gets in between at times."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return await analytics.rebuild(day, datetime.now(UTC), may_shrink=may_shrink)
        except Retryable:
            if not left:
                raise
            await asyncio.sleep(RETRY_S)
    raise AssertionError("unreachable")


def _tell(day: datetime, found: int | None) -> None:
    told = "left as it is: analyses are missing" if found is None else f"{found} analyses"
    sys.stdout.write(f"{day:%Y-%m-%d}  {told}\n")


if __name__ == "__main__":
    sys.exit(main())
