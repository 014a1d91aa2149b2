import type { ComponentChildren } from "preact";

/** One column of a table. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** Numbers stand to the right, in figures of one width. */
  isNumber?: boolean;
  /** Left out on small screens. */
  isMinor?: boolean;
  /** The heading is for screen readers only, such as that of a column of buttons. */
  isTitleHidden?: boolean;
}

/** A table with a caption, which is seen where `isCaptionShown`. */
export function Table<Row>(props: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  isCaptionShown?: boolean;
  classOf?: (row: Row) => string;
}) {
  const classOf = ({ isNumber, isMinor }: Column<Row>) =>
    `${isNumber ? "number" : ""}${isMinor ? " minor" : ""}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={props.caption}>
      <table class="table">
        <caption class={props.isCaptionShown ? "" : "visually-hidden"}>{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                <span class={column.isTitleHidden ? "visually-hidden" : ""}>{column.title}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.keyOf(row)} class={props.classOf?.(row)}>
              {props.columns.map((column) => (
                <td key={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
