import { Empty } from "../../ui/states";

export default function HistoryPage() {
  return (
    <>
      <h1 class="page-title">History</h1>
      <Empty title="This page is being built." />
    </>
  );
}
