/** While the model is asked, and when there was no answer. */
import type { Problem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { Moment } from "../../ui/Moment";
import { refusalOf } from "./refusals";
import { remainingText } from "./times";
import { useNow } from "./useNow";

const STEPS = [
  "The latest closed candles and their indicators are gathered.",
  "The model is asked for its opinion.",
  "Its reply is checked: prices in the right order, near the live price.",
];

/** Tells what happens; it does not pretend to know how far it is. */
export function WaitingCard({ what, since }: { what: string; since: number }) {
  const now = useNow(Number.POSITIVE_INFINITY);
  return (
    <Card title="Signal" class="signal">
      <div class="waiting-head">
        <span class="waiting-sign" aria-hidden="true" />
        <strong>Analyzing {what}</strong>
        <span class="figures muted" aria-hidden="true">
          {Math.max(0, Math.floor((now - since) / 1_000))} s
        </span>
      </div>
      <ol class="waiting-steps">
        {STEPS.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p class="muted">
        This takes some seconds, 22 at most. You may leave: the analysis goes on, you are told, and
        it is in your list.
      </p>
    </Card>
  );
}

/** Why there is no analysis, and when to try again. */
export function RefusedCard(props: { problem: Problem; at: number; onRetry: () => void }) {
  const { problem, at } = props;
  const { title, text, retryAt } = refusalOf(problem, at);
  const now = useNow(retryAt ?? at);
  const isTooEarly = retryAt !== null && now < retryAt;
  return (
    <Card title="Signal" class="signal">
      <div class="refusal">
        <Icon name="alert" />
        <p class="error-title">{title}</p>
        <p>{text}</p>
        {isTooEarly && (
          <p>
            Try again in <strong class="figures">{remainingText(retryAt - now)}</strong>
            <span class="muted">
              , at <Moment at={new Date(retryAt).toISOString()} />
            </span>
          </p>
        )}
        <Button icon="reload" onClick={props.onRetry} disabled={isTooEarly}>
          Try again
        </Button>
        <p class="error-code">
          {problem.code}
          {problem.details.requestId && ` · request ${problem.details.requestId}`}
        </p>
      </div>
    </Card>
  );
}
