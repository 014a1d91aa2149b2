/** The trading state with its reason, and the way to change it. */
import { useEffect } from "preact/hooks";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { problemOf } from "../../api/problem";
import { useResource } from "../../api/resource";
import { ownAccount, takeTradingState } from "../../live/private";
import type { TradingState } from "./states";

/** Reads the state; `change` asks for another one, and `onChanged` hears that it is so. */
export function useTradingState(onChanged: () => void) {
  const read = useResource((signal) => api.get("/api/risk/trading-state", { signal }), []);
  const { value, reload, replace } = read;

  const change = useAct(async (state: TradingState, reason: string) => {
    try {
      const answer = await api.put("/api/risk/trading-state", { body: { state, reason } });
      replace(answer);
      onChanged();
    } catch (thrown) {
      // It may have been carried out all the same: what is so now is read.
      if (problemOf(thrown).isOutcomeUnknown) reload();
      throw thrown;
    }
  });

  // The account's events have no reason, and may come later than this answer.
  const told = ownAccount.value?.trading_state;
  useEffect(() => {
    if (told !== undefined && value !== null && told !== value.state) reload();
  }, [told]);
  useEffect(() => {
    if (value !== null) takeTradingState(value.state);
  }, [value]);
  return { read, change };
}
