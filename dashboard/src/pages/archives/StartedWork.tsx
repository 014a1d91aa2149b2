/** What was asked for on this visit; how far it is, its workflow tells. */
import { Card } from "../../ui/Card";
import { Moment } from "../../ui/Moment";
import { Badge } from "../../ui/numbers";
import { WorkflowLink } from "../../ui/WorkflowLink";

/** One answer of the API to a run or a restore. */
export interface Asked {
  id: string;
  what: string;
  at: string;
  isJoined: boolean;
}

export function StartedWork({ asked }: { asked: readonly Asked[] }) {
  return (
    <div role="status">
      {asked.length > 0 && (
        <Card title="Asked for now">
          <ul class="asked">
            {asked.map(({ id, what, at, isJoined }) => (
              <li key={id}>
                <span class="asked-what">{what}</span>
                {isJoined ? (
                  <Badge tone="warning">Was at work already</Badge>
                ) : (
                  <Badge tone="accent">Started</Badge>
                )}
                <Moment at={at} />
                <code class="asked-id">{id}</code>
                <WorkflowLink id={id} text="See its progress" />
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}
