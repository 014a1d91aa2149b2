import type { Signal } from "@preact/signals";
import { Select } from "../../ui/Field";
import { timezones } from "./timezones";

/** Where a time of the day is meant. */
export function TimezoneField(props: { timezone: Signal<string>; error: string | undefined }) {
  const { timezone, error } = props;
  return (
    <Select
      label="Time zone"
      value={timezone.value}
      choices={timezones(timezone.value).map((zone) => [zone, zone] as const)}
      error={error}
      onChange={(zone) => {
        timezone.value = zone;
      }}
    />
  );
}
