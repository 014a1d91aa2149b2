/** What the page is about: the session, that it is paper, and whether it still trades. */
import { Icon } from "../../ui/Icon";
import { WorkflowLink } from "../../ui/WorkflowLink";
import { PaperBadge, SessionStatus } from "./PaperBadge";
import { type EquityPoint, isActive, nameOf, type Portfolio } from "./performance";
import { SessionActions } from "./SessionActions";
import { SessionFigures } from "./SessionFigures";
import type { ReadPortfolio } from "./usePaperSession";

export function SessionHead(props: {
  portfolio: ReadPortfolio;
  points: readonly EquityPoint[] | null;
  onChanged: (answer: Portfolio) => void;
}) {
  const { portfolio } = props;
  return (
    <section class="card paper-head" aria-label="Session">
      <div class="paper-head-bar">
        <div class="row">
          <h1>{nameOf(portfolio)}</h1>
          <PaperBadge />
          <SessionStatus status={portfolio.status} />
        </div>
        <div class="row">
          <WorkflowLink id={portfolio.workflow_id} />
          <SessionActions portfolio={portfolio} onChanged={props.onChanged} />
        </div>
      </div>
      <ClosedNote portfolio={portfolio} />
      <SessionFigures portfolio={portfolio} points={props.points} />
    </section>
  );
}

function ClosedNote({ portfolio }: { portfolio: Portfolio }) {
  if (isActive(portfolio)) return null;
  const { status, status_reason: reason } = portfolio;
  const isBroken = status === "BROKEN";
  return (
    <p class="paper-closed-note" role="status">
      <Icon name={isBroken ? "alert" : "stop"} />
      <span>
        <strong>
          {isBroken
            ? "This session’s books do not balance, so it takes no more orders."
            : "This session has ended and is read-only."}
        </strong>{" "}
        {reason && `Reason: ${reason}. `}
        {isBroken ? "Reset it to go on." : "Fork it from one of its trades to go on."}
      </span>
    </p>
  );
}
