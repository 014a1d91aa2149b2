import { Empty } from "../../ui/states";

export default function NotificationsPage() {
  return (
    <>
      <h1 class="page-title">Notifications</h1>
      <Empty title="This page is being built." />
    </>
  );
}
