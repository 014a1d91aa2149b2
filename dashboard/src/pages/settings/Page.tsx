import { Empty } from "../../ui/states";

export default function SettingsPage() {
  return (
    <>
      <h1 class="page-title">Settings</h1>
      <Empty title="This page is being built." />
    </>
  );
}
