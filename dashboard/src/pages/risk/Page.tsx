import { Empty } from "../../ui/states";

export default function RiskPage() {
  return (
    <>
      <h1 class="page-title">Risk</h1>
      <Empty title="This page is being built." />
    </>
  );
}
