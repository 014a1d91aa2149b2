import type { Problem } from "../../api/problem";
import { Icon } from "../../ui/Icon";

/** Why an act failed, in one line; nothing while it did not. */
export function Failed({ problem }: { problem: Problem | null }) {
  if (problem === null) return null;
  return (
    <p class="form-error" role="alert">
      <Icon name="alert" />
      <span>
        {problem.message}{" "}
        {problem.isOutcomeUnknown &&
          "It is not known whether it was carried out; asking again joins what is under way."}
      </span>
    </p>
  );
}
