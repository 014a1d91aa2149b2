/** A test of a target, and how it went. */
import { api } from "../../api/client";
import { type Delivery, stateLook } from "./deliveries";

const LOOK_EVERY_MS = 1_000;
// Three attempts with their pauses, of which the first two mostly suffice.
const LOOKS = 20;
const NEWEST = 50;

/** Sends a test; its delivery once it has ended, or null where that takes longer. */
export async function sendTest(targetId: string, signal: AbortSignal): Promise<Delivery | null> {
  const { delivery_id } = await api.post("/api/notifications/targets/{target_id}/test", {
    path: { target_id: targetId },
    signal,
  });
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const page = await api.get("/api/notifications/deliveries", {
      query: { limit: NEWEST },
      signal,
    });
    const found = page.items.find((each) => each.delivery_id === delivery_id);
    if (found !== undefined && stateLook(found.state).isEnd) return found;
  }
  return null;
}
