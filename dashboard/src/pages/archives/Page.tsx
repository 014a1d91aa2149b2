/** Archives, for operators: what is in cold storage, runs, restores and legal holds. */
import { useState } from "preact/hooks";
import { isOperator } from "../../api/session";
import { Empty } from "../../ui/states";
import { Holds } from "./Holds";
import { Manifests } from "./Manifests";
import { RestoreCard } from "./RestoreCard";
import { RunCard } from "./RunCard";
import { type Asked, StartedWork } from "./StartedWork";

export default function ArchivesPage() {
  if (!isOperator.value) return <ForOperators />;
  return <Archives />;
}

function Archives() {
  const [asked, setAsked] = useState<readonly Asked[]>([]);
  const onAsked = (work: Asked) =>
    setAsked((before) => [work, ...before.filter(({ id }) => id !== work.id)]);
  return (
    <>
      <h1 class="page-title">Archives</h1>
      <div class="stack">
        <StartedWork asked={asked} />
        <Manifests />
        <div class="columns">
          <RunCard onAsked={onAsked} />
          <RestoreCard onAsked={onAsked} />
        </div>
        <Holds />
      </div>
    </>
  );
}

function ForOperators() {
  return (
    <>
      <h1 class="page-title">Archives</h1>
      <Empty icon="shield" title="For operators only">
        Archives, restores and legal holds are the work of operators. Ask one.
      </Empty>
    </>
  );
}
