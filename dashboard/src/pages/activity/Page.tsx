import { Empty } from "../../ui/states";

export default function ActivityPage() {
  return (
    <>
      <h1 class="page-title">Activity</h1>
      <Empty title="This page is being built." />
    </>
  );
}
