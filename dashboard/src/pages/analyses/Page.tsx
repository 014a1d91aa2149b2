import { Empty } from "../../ui/states";

export default function AnalysisPage() {
  return (
    <>
      <h1 class="page-title">Analysis</h1>
      <Empty title="This page is being built." />
    </>
  );
}
