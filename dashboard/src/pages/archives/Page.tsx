import { Empty } from "../../ui/states";

export default function ArchivesPage() {
  return (
    <>
      <h1 class="page-title">Archives</h1>
      <Empty title="This page is being built." />
    </>
  );
}
