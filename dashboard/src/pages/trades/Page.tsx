import { Empty } from "../../ui/states";

export default function TradePage() {
  return (
    <>
      <h1 class="page-title">Trade</h1>
      <Empty title="This page is being built." />
    </>
  );
}
