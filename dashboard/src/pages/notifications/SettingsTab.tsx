import { useResource } from "../../api/resource";
import { Loaded } from "../../ui/states";
import { DigestCard } from "./DigestCard";
import { EventsCard } from "./EventsCard";
import { QuietHoursCard } from "./QuietHoursCard";
import { TargetsCard } from "./TargetsCard";
import { readSettings } from "./useSettings";

/** What one is told, where and when. */
export function SettingsTab() {
  const settings = useResource(readSettings, []);
  return (
    <Loaded of={settings} lines={8}>
      {(value) => {
        const props = { settings: value, replace: settings.replace };
        return (
          <div class="stack">
            <TargetsCard {...props} />
            <EventsCard {...props} />
            <div class="columns">
              <QuietHoursCard {...props} />
              <DigestCard {...props} />
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}
