import type { ComponentChildren } from "preact";
import { byDay } from "./byDay";

/** What happened, newest first, under a heading for each day. */
export function DayLog<Item>(props: {
  items: readonly Item[];
  momentOf: (item: Item) => string;
  keyOf: (item: Item) => string;
  classOf?: (item: Item) => string;
  children: (item: Item) => ComponentChildren;
}) {
  return (
    <>
      {byDay(props.items, props.momentOf).map(({ day, title, items }) => (
        <section key={day} class="log-day">
          <h2 class="log-title">{title}</h2>
          <ul class="log">
            {items.map((item) => (
              <li key={props.keyOf(item)} class={`log-entry ${props.classOf?.(item) ?? ""}`}>
                {props.children(item)}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });

/** When something happened, on a day that is said already. */
export function TimeOfDay({ at }: { at: string }) {
  return (
    <time class="log-time" dateTime={at} title={at}>
      {TIME.format(new Date(at))}
    </time>
  );
}
