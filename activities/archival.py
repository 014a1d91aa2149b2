"""Records on their way from hot to archive, and out of the archive for their age."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from temporalio import activity

from activities.archival_pace import unhurried
from activities.heartbeats import beating, final_after_attempts
from domain.archival.messages import ArchivalReport, ArchivalRequest, StageReport
from domain.archival.months import due_months
from domain.archival.ports import ArchiveCollections, HoldStore, Moved, RestoreStore
from domain.archival.steps import Cursor, Leg, LegDone, Plan
from domain.archival.tiers import Ages, DataType, cut_offs
from domain.timing import ARCHIVAL_LEG_S

# Deleted in one leg; a million in twenty.
DELETED_A_LEG: Final = 50_000


@dataclass(frozen=True, slots=True)
class ArchivalRules:
    """What settings say of archival.

    Attributes:
        ages: The ages of each kind of records.
        file_documents: How many records a file has at most; so many are written before their
            month is over.
        heartbeat_s: After this a silent worker is taken for dead.
        leg_s: How long one step through the hot collection takes.
        rest: For how many times as long as a batch took the database is left alone after it.
    """

    ages: Mapping[DataType, Ages]
    file_documents: int
    heartbeat_s: float
    leg_s: float = ARCHIVAL_LEG_S
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class ArchivalActivities:
    """The steps of a run that need no cold storage."""

    collections: ArchiveCollections
    holds: HoldStore
    restores: RestoreStore
    rules: ArchivalRules

    @activity.defn(name="plan_archival")
    async def plan(self, request: ArchivalRequest) -> Plan:
        """Say where the cut-offs are as of the request's moment, and how much there is to do."""
        with final_after_attempts():
            async with beating():
                plan, _ = await self._survey(request)
            return plan

    @activity.defn(name="survey_archival")
    async def survey(self, request: ArchivalRequest) -> ArchivalReport:
        """Report what a run would do, and write nothing; what changes or fails is not foreseen."""
        with final_after_attempts():
            async with beating():
                plan, files = await self._survey(request)
            return ArchivalReport(
                data_type=request.data_type,
                as_of=plan.as_of,
                dry_run=True,
                to_archive=StageReport(documents=plan.to_archive_count),
                to_cold=StageReport(documents=plan.to_cold_count, files=files),
                deleted=StageReport(documents=plan.to_delete_count),
            )

    @activity.defn(name="move_to_archive")
    async def move_to_archive(self, leg: Leg) -> LegDone:
        """Move hot records that are old enough, for a while."""
        with final_after_attempts():
            began = _heartbeat(LegDone, LegDone(Moved(), leg.cursor))
            async with beating(began) as pulse:
                return await self._move(leg, began, pulse.beat)

    @activity.defn(name="delete_aged")
    async def delete_aged(self, leg: Leg) -> LegDone:
        """Delete archived records that have no cold storage, for a while."""
        with final_after_attempts():
            async with beating():
                holds = await self.holds.holds(leg.data_type)
                moved = await self.collections.delete_aged(
                    leg.data_type, leg.before, holds, DELETED_A_LEG
                )
            is_last = moved.documents < DELETED_A_LEG
            return LegDone(moved, None if is_last else Cursor("", leg.before))

    @activity.defn(name="forget_restored")
    async def forget_restored(self, data_type: DataType, now: datetime) -> int:
        """Delete what was restored for a while that is over; return how many records."""
        with final_after_attempts():
            async with beating():
                known = await self.restores.restores(data_type)
                count = 0
                for restore_id, report in known.items():
                    if report.available_until is None or report.available_until > now:
                        continue
                    others = [each for name, each in known.items() if name != restore_id]
                    kept = [o for o in others if o.available_until and o.available_until > now]
                    count += await self.collections.forget_restored(
                        data_type, report.since, report.until, kept
                    )
                    await self.restores.forget(restore_id)
            return count

    async def _move(self, leg: Leg, done: LegDone, beat: Callable[[Any], None]) -> LegDone:
        cursor, moved = done.cursor, done.moved
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + self.rules.leg_s
        for lane in await self.collections.lanes(leg.data_type, leg.before, leg.as_of):
            if cursor is not None and lane.name < cursor.lane:
                continue
            since = cursor.since if cursor is not None and lane.name == cursor.lane else None
            async for batch in self.collections.hot(leg.data_type, lane, since):
                async with unhurried(self.rules.rest):
                    moved += await self.collections.to_archive(leg.data_type, batch.documents)
                cursor = Cursor(lane.name, batch.last_time)
                beat(LegDone(moved, cursor))
                if loop.time() > ends_s:
                    return LegDone(moved, cursor)
        return LegDone(moved)

    async def _survey(self, request: ArchivalRequest) -> tuple[Plan, int]:
        data_type, as_of = request.data_type, request.as_of
        assert as_of is not None  # noqa: S101 - the workflow has set it
        cuts = cut_offs(self.rules.ages[data_type], as_of)
        holds = await self.holds.holds(data_type)
        lanes = await self.collections.lanes(data_type, cuts.to_archive, as_of)
        months: dict[str, int] = {}
        to_delete = 0
        if cuts.to_cold is not None:
            months = await self.collections.months(data_type, cuts.to_cold, holds)
            # What goes through the archive in this run.
            for month, count in (
                await self.collections.hot_months(data_type, lanes, cuts.to_cold)
            ).items():
                months[month] = months.get(month, 0) + count
            months = dict(due_months(months, cuts.to_cold, self.rules.file_documents))
        if cuts.delete_archived is not None:
            to_delete = await self.collections.aged_count(data_type, cuts.delete_archived, holds)
            hot = await self.collections.hot_months(data_type, lanes, cuts.delete_archived)
            to_delete += sum(hot.values())
        plan = Plan(
            data_type=data_type,
            as_of=as_of,
            cut_offs=cuts,
            heartbeat_s=self.rules.heartbeat_s,
            to_archive_count=await self.collections.hot_count(data_type, lanes),
            to_cold_count=sum(months.values()),
            to_delete_count=to_delete,
        )
        return plan, sum(-(-count // self.rules.file_documents) for count in months.values())

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [
            self.plan,
            self.survey,
            self.move_to_archive,
            self.delete_aged,
            self.forget_restored,
        ]


def _heartbeat(kind: type[LegDone], otherwise: LegDone) -> LegDone:
    """Return what the attempt before this one told last."""
    details = activity.info().heartbeat_details
    if not details or details[0] is None:
        return otherwise
    found: LegDone = activity.payload_converter().from_payload(
        activity.payload_converter().to_payload(details[0]), kind
    )
    return found
