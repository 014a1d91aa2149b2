import { Empty } from "../../ui/states";

export default function PapertradingPage() {
  return (
    <>
      <h1 class="page-title">Paper trading</h1>
      <Empty title="This page is being built." />
    </>
  );
}
