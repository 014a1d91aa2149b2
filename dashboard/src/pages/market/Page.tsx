import { Empty } from "../../ui/states";

export default function MarketPage() {
  return (
    <>
      <h1 class="page-title">Market</h1>
      <Empty title="This page is being built." />
    </>
  );
}
