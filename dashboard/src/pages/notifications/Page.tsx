/** What one is told: the list, the settings, and what became of what was sent. */
import type { PageProps } from "../../shell/pages";
import { href, navigate } from "../../shell/router";
import { Tabs } from "../../ui/Choice";
import { DeliveriesTab } from "./DeliveriesTab";
import { ListTab } from "./ListTab";
import { SettingsTab } from "./SettingsTab";

const PARTS = [
  ["list", "List"],
  ["settings", "Settings"],
  ["deliveries", "Deliveries"],
] as const;

export default function NotificationsPage({ parameter }: PageProps) {
  const part = PARTS.find(([name]) => name === parameter)?.[0] ?? "list";
  return (
    <>
      <h1 class="page-title">Notifications</h1>
      <Tabs
        label="Parts of notifications"
        value={part}
        choices={PARTS}
        onChange={(chosen) =>
          navigate(href("notifications", chosen === "list" ? undefined : chosen))
        }
      >
        {part === "list" && <ListTab />}
        {part === "settings" && <SettingsTab />}
        {part === "deliveries" && <DeliveriesTab />}
      </Tabs>
    </>
  );
}
