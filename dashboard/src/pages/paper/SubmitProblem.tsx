/** What became of a form's request, where it was not carried out or nobody knows. */
import type { Problem } from "../../api/problem";
import { format } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";

export function SubmitProblem(props: {
  problem: Problem | null;
  isUnknown: boolean;
  isBusy: boolean;
  /** What may have happened, such as "the session was started". */
  what: string;
  onAskAgain: () => void;
}) {
  const { problem } = props;
  if (problem === null) return null;
  if (!props.isUnknown) {
    return (
      <p class="form-error" role="alert">
        <Icon name="alert" />
        <span>
          {sentence(problem.message)}
          <LimitNote problem={problem} /> <span class="error-code">{problem.code}</span>
        </span>
      </p>
    );
  }
  return (
    <div class="paper-unknown" role="alert">
      <p>
        <strong>Nobody knows yet whether {props.what}.</strong> {problem.message} Asking again is
        safe: it happens at most once.
      </p>
      <Button isSmall icon="reload" isBusy={props.isBusy} onClick={props.onAskAgain}>
        Ask again
      </Button>
    </div>
  );
}

/** Which limit was exceeded, and by what, where the API says so. */
function LimitNote({ problem }: { problem: Problem }) {
  const { limit_value: limit, current_value: current } = problem.details;
  if (limit === undefined || limit === null) return null;
  const found = current ? `${format(current, { upTo: 8 })}; ` : "";
  return (
    <span class="figures">
      {" "}
      ({found}the limit is {format(limit, { upTo: 8 })})
    </span>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
