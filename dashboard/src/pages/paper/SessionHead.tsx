/** What the page is about: the session, that it is paper, and whether it still trades. */
import { useEffect, useRef } from "preact/hooks";
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
  const heading = useRef<HTMLHeadingElement>(null);
  const isOpen = isActive(portfolio);
  useEffect(() => {
    // What had the focus, such as a dialog or the button that ended the session, is gone.
    if (document.activeElement === document.body) heading.current?.focus();
  }, [isOpen]);
  return (
    <section class="card paper-head" aria-label="Session">
      <div class="paper-head-bar">
        <div class="row">
          <h1 ref={heading} tabIndex={-1}>
            {nameOf(portfolio)}
          </h1>
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
  const hasTrades = Number(portfolio.trade_count) > 0;
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
        {isBroken ? "Reset it to go on." : hasTrades && "Fork it from one of its trades to go on."}
      </span>
    </p>
  );
}
