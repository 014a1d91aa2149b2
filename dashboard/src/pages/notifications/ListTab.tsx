/** What one has been told, newest first. */
import { useSignal } from "@preact/signals";
import { api, type Schema } from "../../api/client";
import { problemOf } from "../../api/problem";
import { usePagedList } from "../../api/resource";
import { href, navigate, route } from "../../shell/router";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Segmented } from "../../ui/Choice";
import { Icon } from "../../ui/Icon";
import { LoadMore } from "../../ui/LoadMore";
import { Badge } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { DayLog, TimeOfDay } from "../history/DayLog";
import { addressOf, iconOf, isSecurity } from "./events";
import { rereadUnread, unread } from "./unread";

type Notification = Schema<"NotificationAnswer">;

const WHICH = [
  ["all", "All"],
  ["unread", "Unread"],
] as const;

export function ListTab() {
  const isUnreadOnly = route.value.query.get("unread") === "yes";
  const list = usePagedList<Notification>(
    (cursor, signal) => {
      if (cursor === undefined) void rereadUnread();
      return api.get("/api/notifications", { query: { unread: isUnreadOnly, cursor }, signal });
    },
    [isUnreadOnly],
  );
  const marks = useReadMarks(list.reload);
  return (
    <Card
      title="What you have been told"
      isFlush
      actions={
        <>
          <Segmented
            label="Which notifications"
            value={isUnreadOnly ? "unread" : "all"}
            choices={WHICH}
            onChange={(chosen) =>
              navigate(
                href("notifications", undefined, {
                  unread: chosen === "unread" ? "yes" : undefined,
                }),
              )
            }
          />
          <Button
            isSmall
            icon="check"
            isBusy={marks.isMarkingAll}
            disabled={unread.value?.count === 0}
            onClick={marks.markAll}
          >
            Mark all as read
          </Button>
        </>
      }
    >
      <Newer first={list.value?.[0]} isKnown={list.value !== null} onShow={list.reload} />
      <Loaded of={list} lines={8}>
        {(items) =>
          items.length === 0 ? (
            <Nothing isUnreadOnly={isUnreadOnly} />
          ) : (
            <DayLog
              items={items}
              momentOf={({ created_at }) => created_at}
              keyOf={({ notification_id }) => notification_id}
              classOf={(each) =>
                `${isSecurity(each.event) ? "log-notice" : ""}${marks.isRead(each) ? "" : " log-unread"}`
              }
            >
              {(each) => (
                <Entry
                  notification={each}
                  isRead={marks.isRead(each)}
                  onRead={() => marks.mark(each)}
                />
              )}
            </DayLog>
          )
        }
      </Loaded>
      <LoadMore of={list} />
    </Card>
  );
}

/** Read marks: a mark is shown once the API has it. */
function useReadMarks(reload: () => void) {
  const marked = useSignal<ReadonlySet<string>>(new Set());
  const isMarkingAll = useSignal(false);
  const isRead = ({ notification_id, read_at }: Notification) =>
    read_at !== null || marked.value.has(notification_id);
  const mark = async (notification: Notification) => {
    const { notification_id } = notification;
    if (isRead(notification)) return;
    try {
      await api.post("/api/notifications/{notification_id}/read", { path: { notification_id } });
      marked.value = new Set(marked.value).add(notification_id);
      await rereadUnread();
    } catch (thrown) {
      toast(problemOf(thrown).message, "bad");
    }
  };
  const markAll = async () => {
    isMarkingAll.value = true;
    try {
      await api.post("/api/notifications/read-all");
      reload();
    } catch (thrown) {
      toast(problemOf(thrown).message, "bad");
    }
    isMarkingAll.value = false;
  };
  return {
    isRead,
    mark: (notification: Notification) => void mark(notification),
    markAll: () => void markAll(),
    isMarkingAll: isMarkingAll.value,
  };
}

/** Says that there is something newer than the list, without moving it. */
function Newer(props: { first: Notification | undefined; isKnown: boolean; onShow: () => void }) {
  const newestAt = unread.value?.newestAt ?? null;
  const isNews =
    props.isKnown &&
    newestAt !== null &&
    (props.first === undefined || newestAt > props.first.created_at);
  return (
    <div role="status">
      {isNews && (
        <div class="newer">
          <Button isSmall tone="quiet" icon="up" onClick={props.onShow}>
            Show what is new
          </Button>
        </div>
      )}
    </div>
  );
}

function Nothing({ isUnreadOnly }: { isUnreadOnly: boolean }) {
  if (isUnreadOnly) {
    return (
      <Empty
        icon="check"
        title="Everything is read"
        action={<a href={href("notifications")}>Show all</a>}
      />
    );
  }
  return (
    <Empty
      icon="bell"
      title="Nothing to tell yet"
      action={<a href={href("notifications", "settings")}>Choose what you are told of</a>}
    >
      Filled orders, limits, signals and sign-ins will be listed here for 90 days.
    </Empty>
  );
}

function Entry(props: { notification: Notification; isRead: boolean; onRead: () => void }) {
  const { event, title, body, path, created_at } = props.notification;
  const address = addressOf(path);
  return (
    <>
      <span class="log-icon">
        <Icon name={iconOf(event)} />
      </span>
      <div class="log-main">
        <p class="log-words">
          {address === null ? (
            title
          ) : (
            <a class="log-link" href={address} onClick={props.onRead}>
              {title}
            </a>
          )}
          {!props.isRead && <Badge tone="accent">New</Badge>}
          {isSecurity(event) && <Badge tone="warning">Security</Badge>}
        </p>
        <p class="muted">{body}</p>
      </div>
      <p class="log-origin">
        {!props.isRead && (
          <Button isSmall tone="quiet" label={`Mark as read: ${title}`} onClick={props.onRead}>
            Mark as read
          </Button>
        )}
      </p>
      <TimeOfDay at={created_at} />
    </>
  );
}
