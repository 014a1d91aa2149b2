"""`python -m workers.archive`: run archival, restore, look, and hold."""

import argparse
import asyncio
import getpass
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_activity import MongoActivity
from adapters.mongo_cold_lists import MongoColdLists
from adapters.mongo_holds import MongoHolds
from domain.activity import ActivityKind
from domain.archival.holds import LegalHold
from domain.archival.messages import (
    ArchivalReport,
    ArchivalRequest,
    RestoreReport,
    RestoreRequest,
)
from domain.archival.tiers import DataType
from domain.errors import BotCoreError, Rejected
from workers.activity_log import ActivityLog
from workers.archive import telling
from workers.archive.arguments import parser
from workers.archive.following import follow
from workers.archive_desk import ArchiveDesk, Report, Run, Started
from workers.logs import configure_logs
from workers.operator_settings import NoSettingsError, operator_settings
from workers.settings import Settings
from workers.temporal import connect_temporal

CONNECT_TIMEOUT_S = 10.0
# In the place of a user, in the record of what people do.
COMMAND_LINE = "command line"
_DONE, _LEFT, _USAGE, _AWAY = 0, 1, 2, 3
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    asked = parser().parse_args(arguments)
    try:
        settings = operator_settings()
    except NoSettingsError as error:
        _complain(str(error))
        return _USAGE
    # A bar is no place for log lines.
    configure_logs("ERROR")
    try:
        return asyncio.run(_run(asked, settings))
    except KeyboardInterrupt:
        _tell(["not followed any more; what runs goes on"])
        return _INTERRUPTED
    except TimeoutError:
        _complain(f"Temporal does not answer at {settings.temporal_address}")
        return _AWAY
    except Rejected as error:
        _complain(error.detail)
        return _LEFT
    except BotCoreError as error:
        _complain(error.detail)
        return _AWAY


async def _run(asked: argparse.Namespace, settings: Settings) -> int:
    if asked.command == "holds":
        return await _holds(asked, settings)
    async with asyncio.timeout(CONNECT_TIMEOUT_S) as limit:
        desk = ArchiveDesk(await connect_temporal(settings))
        limit.reschedule(None)
    if asked.command == "status":
        return await _status(settings, desk)
    if asked.command == "restore":
        if asked.since >= asked.until:
            _complain("FROM must be before TO")
            return _USAGE
        wanted = RestoreRequest(DataType(asked.data_type), asked.since, asked.until)
        return await _followed(asked, desk, await desk.restore(wanted), RestoreReport)
    request = ArchivalRequest(DataType(asked.data_type), dry_run=asked.command == "dry-run")
    return await _followed(asked, desk, await desk.archive(request), ArchivalReport)


async def _followed(
    asked: argparse.Namespace, desk: ArchiveDesk, started: Started, result: type[Report]
) -> int:
    what = "at work already" if started.already_running else "started"
    _tell([f"{started.workflow_id}: {what}"])
    if asked.detach:
        return _DONE
    return _ended(await follow(desk, started.workflow_id, result, Console()))


def _ended(run: Run) -> int:
    if run.report is None:
        _complain(f"the run ended {run.status.name}: {run.failure}")
        return _LEFT
    report = run.report
    if isinstance(report, ArchivalReport):
        _tell(telling.archived(report))
    else:
        _tell(telling.restored(report))
    return _LEFT if report.refusals else _DONE


async def _status(settings: Settings, desk: ArchiveDesk) -> int:
    at_work = await desk.at_work()
    _tell(telling.at_work(workflow_id, progress) for workflow_id, progress in at_work)
    if not at_work:
        _tell(["nothing is at work"])
    with _database(settings) as database:
        _tell(telling.totals(await MongoColdLists(database).totals()))
    return _DONE


async def _holds(asked: argparse.Namespace, settings: Settings) -> int:
    with _database(settings) as database:
        holds = MongoHolds(database)
        match asked.action:
            case "list":
                _tell(telling.hold(each) for each in await holds.holds())
            case "set":
                hold = _hold(asked)
                await holds.set(hold)
                await _record(database, ActivityKind.LEGAL_HOLD_SET, hold)
                _tell([telling.hold(hold)])
            case _:
                lifted = await holds.lift(asked.hold_id)
                if lifted is None:
                    _complain("there is no such hold")
                    return _LEFT
                await _record(database, ActivityKind.LEGAL_HOLD_RELEASED, lifted)
                _tell([f"lifted: {telling.hold(lifted)}"])
    return _DONE


async def _record(database: Database, kind: ActivityKind, hold: LegalHold) -> None:
    # Nobody is signed in here; the machine knows who it was.
    details = {"hold_id": hold.hold_id, "reason": hold.reason, "login": getpass.getuser()}
    await ActivityLog(MongoActivity(database)).write(kind, COMMAND_LINE, **details)


def _hold(asked: argparse.Namespace) -> LegalHold:
    return LegalHold(
        hold_id=str(uuid.uuid4()),
        data_type=DataType(asked.data_type) if asked.data_type else None,
        user_id=asked.user_id,
        since=asked.since,
        until=asked.until,
        reason=asked.reason,
        created_at=datetime.now(UTC),
    )


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    client = open_client(settings.mongodb_url)
    try:
        yield database_of(client, settings.mongodb_database)
    finally:
        client.close()


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _complain(detail: str) -> None:
    sys.stderr.write(f"{detail}\n")


if __name__ == "__main__":
    sys.exit(main())
