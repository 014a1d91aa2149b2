/** What became of the order that was sent, and what can be done about it. */
import type { Problem } from "../../api/problem";
import type { Trade } from "../../live/private";
import { format } from "../../money/decimal";
import { href } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import type { Progress } from "./form";
import { outcomeOf } from "./outcome";

/** Says it to everybody, screen readers too, as soon as it is known. */
export function OrderProgress(props: {
  progress: Progress;
  /** What the order trades. */
  asset: string;
  onSetAside?: () => void;
}) {
  const { progress, asset } = props;
  return (
    <div role="status" aria-live="polite" class="order-progress">
      {progress.phase === "answered" && <Answered trade={progress.trade} asset={asset} />}
      {progress.phase === "refused" && <Refused problem={progress.problem} />}
      {progress.phase === "unsettled" && (
        <Unsettled problem={progress.problem} onSetAside={props.onSetAside} />
      )}
    </div>
  );
}

function Answered({ trade, asset }: { trade: Trade; asset: string }) {
  const { tone, icon, text } = outcomeOf(trade, asset);
  return (
    <div class={`outcome outcome-${tone}`}>
      <Icon name={icon} />
      <p>
        <strong>{text}.</strong> <a href={href("trades", trade.trade_id)}>See the trade</a>
      </p>
    </div>
  );
}

function Refused({ problem }: { problem: Problem }) {
  const { code, current_value, detail, errors, limit_value } = problem.details;
  const hasNumbers = current_value != null && limit_value != null;
  return (
    <div class="outcome outcome-bad">
      <Icon name="alert" />
      <div>
        <p>
          <strong>Nothing was ordered.</strong> {errors?.length ? "" : `${sentence(detail)} `}
          {hasNumbers && (
            <>
              It comes to {format(current_value, { upTo: 2 })}; the limit is{" "}
              {format(limit_value, { upTo: 2 })}.
            </>
          )}
        </p>
        {errors?.map(({ field, message }) => (
          <p key={field}>
            {field.replaceAll("_", " ")} {message}
          </p>
        ))}
        <p class="error-code">{code}</p>
      </div>
    </div>
  );
}

function Unsettled(props: { problem: Problem; onSetAside: (() => void) | undefined }) {
  const { code, detail, trade_id } = props.problem.details;
  return (
    <div class="outcome outcome-warning">
      <Icon name="alert" />
      <div>
        <p>
          <strong>It is not known whether the order was placed.</strong> {sentence(detail)} Ask
          again: it is the same order, and is never placed twice.
        </p>
        <p class="error-code">{code}</p>
        <p class="row">
          {trade_id && <a href={href("trades", trade_id)}>See the trade</a>}
          <a href={href("positions")}>Open orders</a>
          {props.onSetAside && (
            <Button isSmall tone="quiet" onClick={props.onSetAside}>
              Write a new order
            </Button>
          )}
        </p>
      </div>
    </div>
  );
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
