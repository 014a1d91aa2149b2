/** Paper trading: the sessions, or the one that the address names. */
import type { PageProps } from "../../shell/pages";
import { SessionList } from "./SessionList";
import { SessionPage } from "./SessionPage";

export default function PaperPage({ parameter }: PageProps) {
  if (parameter === undefined) return <SessionList />;
  return <SessionPage key={parameter} sessionId={parameter} />;
}
