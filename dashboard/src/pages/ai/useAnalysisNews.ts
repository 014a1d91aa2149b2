import { useEffect, useRef } from "preact/hooks";
import { onPrivate } from "../../live/private";
import { isLive } from "../../live/socket";
import { onAnswered } from "./asking";

/** Calls whenever one's analyses (of this symbol, or of any) may have become more. */
export function useAnalysisNews(symbol: string | null, call: () => void): void {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    const tell = () => latest.current();
    let wasLive = isLive.peek();
    const stops = [
      onPrivate(({ type, data }) => {
        if (type === "ai_signal" && (symbol === null || data["symbol"] === symbol)) tell();
      }),
      // One that was made for somebody else before brings no event.
      onAnswered(tell),
      // Whatever was made while nothing was heard.
      isLive.subscribe((now) => {
        if (now && !wasLive) tell();
        wasLive = now;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [symbol]);
}
