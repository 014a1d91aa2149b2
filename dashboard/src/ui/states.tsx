/** What is shown while there is nothing to show: on its way, none yet, or failed. */
import type { ComponentChildren } from "preact";
import type { Problem } from "../api/problem";
import type { Resource } from "../api/resource";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";

/** Lines that stand for what is on its way. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="skeleton-line" />
      ))}
    </div>
  );
}

/** There is nothing yet: what would be here, and the one thing to do about it. */
export function Empty(props: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={props.icon ?? "info"} />
      <p class="empty-title">{props.title}</p>
      {props.children && <p>{props.children}</p>}
      {props.action}
    </div>
  );
}

/** What went wrong, its code, and another try. */
export function ErrorCard({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const { code, detail, requestId } = problem.details;
  return (
    <div class="error-card" role="alert">
      <Icon name="alert" />
      <div>
        <p class="error-title">{problem.details.title}</p>
        <p>{detail}</p>
        <p class="error-code">
          {code}
          {requestId && ` · request ${requestId}`}
        </p>
      </div>
      {onRetry && (
        <Button isSmall icon="reload" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Shows a resource once it is there, and what is the matter while it is not. */
export function Loaded<T>(props: {
  of: Pick<Resource<T>, "value" | "problem" | "isLoading" | "reload">;
  children: (value: T) => ComponentChildren;
  lines?: number;
}) {
  const { value, problem, reload } = props.of;
  return (
    <>
      {problem && <ErrorCard problem={problem} onRetry={reload} />}
      {value !== null ? (
        props.children(value)
      ) : problem ? null : (
        <Skeleton lines={props.lines ?? 4} />
      )}
    </>
  );
}
