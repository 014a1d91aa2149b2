import { Empty } from "../../ui/states";

export default function AiPage() {
  return (
    <>
      <h1 class="page-title">AI</h1>
      <Empty title="This page is being built." />
    </>
  );
}
