/** The files of cold storage: what is in each, and how far its proof has come. */
import { useState } from "preact/hooks";
import { api, type Schema } from "../../api/client";
import { usePagedList } from "../../api/resource";
import { format } from "../../money/decimal";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Select } from "../../ui/Field";
import { LoadMore } from "../../ui/LoadMore";
import { Moment } from "../../ui/Moment";
import { Badge, Unknown } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { periodOf } from "./ranges";
import {
  DATA_TYPES,
  type DataType,
  dataTypeName,
  MANIFEST_STATES,
  type ManifestState,
  shortDigest,
  sizeInWords,
  stateName,
  stateTone,
} from "./words";

type Manifest = Schema<"ManifestAnswer">;
type Chosen<T> = T | "all";

const ALL = ["all", "All"] as const;

export function Manifests() {
  const [type, setType] = useState<Chosen<DataType>>("all");
  const [state, setState] = useState<Chosen<ManifestState>>("all");
  const list = usePagedList(
    (cursor, signal) =>
      api.get("/api/archives", {
        query: {
          ...(type !== "all" && { data_type: type }),
          ...(state !== "all" && { state }),
          ...(cursor !== undefined && { cursor }),
        },
        signal,
      }),
    [type, state],
  );
  return (
    <Card
      title="Files in cold storage"
      isFlush
      actions={
        <Button isSmall icon="reload" isBusy={list.isLoading} onClick={list.reload}>
          Reload
        </Button>
      }
    >
      <div class="archive-filters">
        <Select label="Records" value={type} choices={[ALL, ...DATA_TYPES]} onChange={setType} />
        <Select
          label="State"
          value={state}
          choices={[ALL, ...MANIFEST_STATES]}
          onChange={setState}
        />
      </div>
      <Loaded of={list} lines={5}>
        {(manifests) =>
          manifests.length === 0 ? (
            <NoFiles type={type} isAnyState={state === "all"} />
          ) : (
            <Table
              caption="Files in cold storage, the last begun first"
              columns={COLUMNS}
              rows={manifests}
              keyOf={(manifest) => manifest.manifest_id}
            />
          )
        }
      </Loaded>
      <LoadMore of={list} />
    </Card>
  );
}

// Unless its ages are set otherwise.
const NEVER_COLD: readonly string[] = ["ai_analysis", "system_logs"];

function NoFiles({ type, isAnyState }: { type: Chosen<DataType>; isAnyState: boolean }) {
  if (type !== "all" && NEVER_COLD.includes(type) && isAnyState) {
    return (
      <Empty icon="archive" title={`${dataTypeName(type)} do not go to cold storage.`}>
        They stay in their archive collection, and are deleted at their last age.
      </Empty>
    );
  }
  return (
    <Empty icon="archive" title={isAnyState ? "No file yet" : "No file in this state"}>
      A month’s records become a file once all of them are old enough.
    </Empty>
  );
}

const COLUMNS: readonly Column<Manifest>[] = [
  {
    title: "File",
    cell: (manifest) => (
      <>
        <span class="manifest-id">{manifest.manifest_id}</span>
        {manifest.refusal && <span class="manifest-refusal">Stopped: {manifest.refusal}</span>}
      </>
    ),
  },
  {
    title: "Period (UTC)",
    cell: ({ month, contents }) => (
      <span class="figures">
        {contents ? periodOf(contents.first_time, contents.last_time) : month}
      </span>
    ),
  },
  {
    title: "State",
    cell: ({ state }) => <Badge tone={stateTone(state)}>{stateName(state)}</Badge>,
  },
  { title: "Records", isNumber: true, cell: (manifest) => <Records manifest={manifest} /> },
  {
    title: "Size",
    isNumber: true,
    cell: ({ contents }) =>
      contents ? sizeInWords(contents.size_bytes) : <Unknown why="not written yet" />,
  },
  { title: "Storage class", cell: ({ storage_class }) => storage_class },
  { title: "SHA-256", cell: (manifest) => <Digest manifest={manifest} /> },
  { title: "Changed", cell: ({ updated_at }) => <Moment at={updated_at} /> },
];

function Records({ manifest: { contents, left_count } }: { manifest: Manifest }) {
  if (contents === null) return <Unknown why="not counted yet" />;
  return (
    <>
      {format(contents.document_count)}
      {Number(left_count) > 0 && (
        <span class="manifest-left">{format(left_count)} do not count</span>
      )}
    </>
  );
}

function Digest({ manifest: { manifest_id, contents } }: { manifest: Manifest }) {
  if (contents === null) return <Unknown why="not written yet" />;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(contents.sha256);
      toast(`SHA-256 of ${manifest_id} copied`, "good");
    } catch {
      toast("The browser does not let this page copy.", "bad");
    }
  };
  return (
    <span class="digest">
      <code title={contents.sha256}>{shortDigest(contents.sha256)}</code>
      <Button
        isSmall
        tone="quiet"
        label={`Copy the SHA-256 of ${manifest_id}`}
        onClick={() => void copy()}
      >
        Copy
      </Button>
    </span>
  );
}
