/** What became of a form's request, where it was not carried out or nobody knows. */
import type { Problem } from "../../api/problem";
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
          {problem.message} <span class="error-code">{problem.code}</span>
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
