/** The way from a record to the workflow that made it, for operators. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import { isOperator } from "../api/session";
import { Icon } from "./Icon";

// Asked for once a visit; without it there is no link, and nothing else is missing.
const workflowsUrl = signal<string | null>(null);
let isAsked = false;

async function ask(): Promise<void> {
  if (isAsked) return;
  isAsked = true;
  try {
    workflowsUrl.value = (await api.get("/api/config")).workflows_url;
  } catch {
    isAsked = false;
  }
}

/** A link into Temporal's pages; nothing for people who are no operators. */
export function WorkflowLink({ id, text = "Workflow" }: { id: string; text?: string }) {
  const isShown = isOperator.value;
  useEffect(() => {
    if (isShown) void ask();
  }, [isShown]);
  if (!isShown || workflowsUrl.value === null) return null;
  return (
    <a
      class="workflow-link"
      href={`${workflowsUrl.value}/${encodeURIComponent(id)}`}
      target="_blank"
      rel="noreferrer"
    >
      {text} <Icon name="link" />
    </a>
  );
}
