/** Archives: what is in cold storage, runs, restores and legal holds. The shell asks for the role. */
import { useState } from "preact/hooks";
import { Holds } from "./Holds";
import { Manifests } from "./Manifests";
import { RestoreCard } from "./RestoreCard";
import { RunCard } from "./RunCard";
import { type Asked, StartedWork } from "./StartedWork";

export default function ArchivesPage() {
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
