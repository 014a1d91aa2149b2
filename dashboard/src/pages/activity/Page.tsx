/** What was done in one's name, when and from where. */
import { api } from "../../api/client";
import { usePagedList } from "../../api/resource";
import type { PageProps } from "../../shell/pages";
import { navigate, route } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Select } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { LoadMore } from "../../ui/LoadMore";
import { Badge } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { DayLog, TimeOfDay } from "../history/DayLog";
import { SinceField } from "../history/SinceField";
import { type Activity, subjectOf } from "./describe";
import { deviceOf } from "./device";
import { type ActivityFilters, addressOf, filtersOf, queryOf } from "./filters";
import { type ActivityKind, KIND_NAMES, lookOf } from "./kinds";

export default function ActivityPage(_: PageProps) {
  const filters = filtersOf(route.value.query);
  const list = usePagedList<Activity>(
    (cursor, signal) =>
      api.get("/api/activity", { query: { ...queryOf(filters), cursor }, signal }),
    [filters],
  );
  const isFiltered = filters.kind !== undefined || filters.since !== undefined;
  return (
    <>
      <div class="page-head">
        <h1>Activity</h1>
        <Button icon="reload" isBusy={list.isLoading && list.value !== null} onClick={list.reload}>
          Read again
        </Button>
      </div>
      <Card title="Activity" isFlush isTitleHidden>
        <Filters filters={filters} isFiltered={isFiltered} />
        <Loaded of={list} lines={8}>
          {(entries) =>
            entries.length === 0 ? (
              <Empty
                icon={isFiltered ? "search" : "pulse"}
                title={isFiltered ? "Nothing matches" : "Nothing yet"}
              >
                {isFiltered ? "Choose other filters." : "What you do will be listed here."}
              </Empty>
            ) : (
              <DayLog
                items={entries}
                momentOf={({ timestamp }) => timestamp}
                keyOf={({ activity_id }) => activity_id}
                classOf={({ kind }) => logTone(kind)}
              >
                {(entry) => <Entry entry={entry} />}
              </DayLog>
            )
          }
        </Loaded>
        <LoadMore of={list} />
      </Card>
    </>
  );
}

function Filters(props: { filters: ActivityFilters; isFiltered: boolean }) {
  const { filters } = props;
  const change = (changes: ActivityFilters) => navigate(addressOf({ ...filters, ...changes }));
  return (
    <search class="filter-bar" aria-label="Filter activity">
      <Select<ActivityKind | "">
        label="Kind"
        value={filters.kind ?? ""}
        choices={[
          ["", "Everything"],
          ...KIND_NAMES.map((kind) => [kind, lookOf(kind).words] as const),
        ]}
        onChange={(kind) => change({ kind: kind || undefined })}
      />
      <SinceField value={filters.since} onChange={(since) => change({ since })} />
      {props.isFiltered && (
        <Button tone="quiet" icon="close" onClick={() => navigate(addressOf({}))}>
          Clear
        </Button>
      )}
    </search>
  );
}

function logTone(kind: string): string {
  const { security } = lookOf(kind);
  return security === undefined ? "" : `log-${security}`;
}

function Entry({ entry }: { entry: Activity }) {
  const { words, icon, security } = lookOf(entry.kind);
  const subject = subjectOf(entry);
  return (
    <>
      <span class="log-icon">
        <Icon name={icon} />
      </span>
      <div class="log-main">
        <p class="log-words">
          {words}
          {security === "alarm" && <Badge tone="down">Check this</Badge>}
          {security === "notice" && <Badge tone="accent">Security</Badge>}
        </p>
        {subject && (
          <p class="muted">
            {subject.href === undefined ? subject.text : <a href={subject.href}>{subject.text}</a>}
          </p>
        )}
      </div>
      <p class="log-origin" title={entry.user_agent}>
        <span class="figures">{entry.address}</span>
        <span>{deviceOf(entry.user_agent)}</span>
      </p>
      <TimeOfDay at={entry.timestamp} />
    </>
  );
}
