/** Risk: the kill switch, how near each limit is, and the limits themselves. */
import { api } from "../../api/client";
import { useResource } from "../../api/resource";
import { href } from "../../shell/router";
import { Card } from "../../ui/Card";
import { Empty, ErrorCard, Loaded } from "../../ui/states";
import { LimitsForm } from "./LimitsForm";
import { TradingStateCard } from "./TradingStateCard";
import { UseOfLimits } from "./UseOfLimits";

export default function RiskPage() {
  const limits = useResource((signal) => api.get("/api/risk/limits", { signal }), []);
  if (limits.problem?.code === "NOT_FOUND") return <NoAccount />;
  return (
    <>
      <h1 class="page-title">Risk</h1>
      <div class="stack">
        <TradingStateCard />
        <div class="columns">
          <Card title="Use of your limits">
            {limits.problem && limits.value === null ? (
              <ErrorCard problem={limits.problem} onRetry={limits.reload} />
            ) : (
              <UseOfLimits limits={limits.value} />
            )}
          </Card>
          <Card title="Limits">
            <Loaded of={limits} lines={12}>
              {(value) => <LimitsForm limits={value} onSaved={limits.replace} />}
            </Loaded>
          </Card>
        </div>
      </div>
    </>
  );
}

function NoAccount() {
  return (
    <>
      <h1 class="page-title">Risk</h1>
      <Empty
        icon="shield"
        title="There is no trading account yet."
        action={<a href={href("settings")}>Enter the venue’s keys</a>}
      >
        It is made with your keys at the venue; then its limits are here.
      </Empty>
    </>
  );
}
