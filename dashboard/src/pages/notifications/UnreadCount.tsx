import { unread } from "./unread";

const MOST = 99;

/** A number beside the bell, where something waits to be read. */
export function UnreadCount() {
  const count = unread.value?.count ?? 0;
  if (count === 0) return null;
  return (
    <strong class="unread-count">
      {count > MOST ? `${MOST}+` : count}
      <i class="visually-hidden"> unread</i>
    </strong>
  );
}
