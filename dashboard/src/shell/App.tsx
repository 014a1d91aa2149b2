/** Who is here decides what is seen: the way in, or the dashboard. */
import { useEffect } from "preact/hooks";
import { session, startSession } from "../api/session";
import { forgetPrivate } from "../live/private";
import { startLive, stopLive } from "../live/socket";
import { ErrorCard } from "../ui/states";
import { announceOrders } from "./announcements";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";
import { Toasts } from "./toasts";

export function App() {
  const { phase } = session.value;
  useEffect(() => {
    if (phase !== "signed-in") return;
    const stopAnnouncing = announceOrders();
    void startWhenPossible();
    return () => {
      stopAnnouncing();
      stopLive();
      forgetPrivate();
    };
  }, [phase]);
  return (
    <>
      <View />
      <Toasts />
    </>
  );
}

function View() {
  const now = session.value;
  if (now.phase === "signed-in") return <Shell />;
  if (now.phase === "signed-out") return <SignIn />;
  if (now.phase === "starting") return <div class="starting" role="status" aria-label="Starting" />;
  return (
    <main class="sign-in">
      <div class="sign-in-panel">
        <h1 class="brand brand-large">Bot Core</h1>
        <ErrorCard problem={now.problem} onRetry={() => void startSession()} />
      </div>
    </main>
  );
}

const RETRY_MS = 2_000;

/** The gateway's address comes from the API, which may be away for a moment. */
async function startWhenPossible(): Promise<void> {
  while (session.peek().phase === "signed-in") {
    try {
      return await startLive();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
