import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A part of a page, with its heading and what can be done with it. */
export function Card(props: {
  title: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
  /** The content comes with its own edges, such as a table. */
  isFlush?: boolean;
  /** The heading is for screen readers; what is seen says it already. */
  isTitleHidden?: boolean;
  class?: string;
}) {
  const id = useId();
  return (
    <section class={`card ${props.class ?? ""}`} aria-labelledby={id}>
      <header class={props.isTitleHidden ? "visually-hidden" : "card-header"}>
        <h2 id={id}>{props.title}</h2>
        {props.actions && <div class="card-actions">{props.actions}</div>}
      </header>
      <div class={props.isFlush ? "card-flush" : "card-body"}>{props.children}</div>
    </section>
  );
}

/** A name and a number, large: what a page is about. */
export function Figure(props: {
  label: string;
  children: ComponentChildren;
  note?: ComponentChildren;
}) {
  return (
    <div class="figure">
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
      {props.note && <dd class="figure-note">{props.note}</dd>}
    </div>
  );
}

/** Names and values, one under another. */
export function Facts(props: {
  facts: readonly (readonly [ComponentChildren, ComponentChildren])[];
}) {
  return (
    <dl class="facts">
      {props.facts.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
