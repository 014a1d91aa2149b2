import type { Problem } from "../../api/problem";
import { Icon } from "../../ui/Icon";
import { restOf } from "./refusals";

/** Why a form was not saved, as far as its fields do not say it. */
export function FormProblem(props: { problem: Problem | null; shown?: readonly string[] }) {
  const { problem, shown = [] } = props;
  if (problem === null) return null;
  const why = problem.isOutcomeUnknown
    ? `${problem.message} It may have been saved all the same: reload to see.`
    : (restOf(problem, shown) ?? "Look at the fields that are marked.");
  return (
    <p class="form-error" role="alert">
      <Icon name="alert" /> {why}
    </p>
  );
}
