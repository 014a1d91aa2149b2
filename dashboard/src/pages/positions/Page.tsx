import { Empty } from "../../ui/states";

export default function PositionsPage() {
  return (
    <>
      <h1 class="page-title">Positions</h1>
      <Empty title="This page is being built." />
    </>
  );
}
