import { useSignal } from "@preact/signals";
import { api, type Schema, type Sent } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";

export type Settings = Schema<"SettingsAnswer">;
export type Changes = Sent<Schema<"SettingsChanges">>;

/** Settings that are there, and how to put newer ones in their place. */
export interface SettingsProps {
  settings: Settings;
  replace: (settings: Settings) => void;
}

/** Reads settings. */
export function readSettings(signal?: AbortSignal): Promise<Settings> {
  return api.get("/api/notifications/settings", signal === undefined ? {} : { signal });
}

/** Saves parts of the settings, one attempt at a time. */
export function useSave(replace: (settings: Settings) => void) {
  const isBusy = useSignal(false);
  const problem = useSignal<Problem | null>(null);
  /** Sends what `changes` makes of it; the answer, or null where it was refused. */
  const save = async (changes: () => Changes | Promise<Changes>): Promise<Settings | null> => {
    isBusy.value = true;
    problem.value = null;
    try {
      const body = await changes();
      const answer = await api.put("/api/notifications/settings", { body });
      replace(withoutSecrets(answer));
      return answer;
    } catch (thrown) {
      problem.value = problemOf(thrown);
      return null;
    } finally {
      isBusy.value = false;
    }
  };
  return { save, isBusy: isBusy.value, problem: problem.value };
}

/** What stays on the page keeps no secret. */
function withoutSecrets(settings: Settings): Settings {
  return { ...settings, targets: settings.targets.map((each) => ({ ...each, secret: null })) };
}
