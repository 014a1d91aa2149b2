import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, type Schema } from "../../api/client";

type TradedSymbol = Schema<"TradedSymbol">;

// Read once a visit: rules change rarely, and these only decide how many digits are shown.
const symbols = signal<ReadonlyMap<string, TradedSymbol>>(new Map());
let isAsked = false;

async function read(): Promise<void> {
  if (isAsked) return;
  isAsked = true;
  try {
    const { items } = await api.get("/api/market/symbols");
    symbols.value = new Map(items.map((each) => [each.symbol, each]));
  } catch {
    // Numbers are shown with the digits that they have.
    isAsked = false;
  }
}

/** The venue's symbols by name; empty until they are known. */
export function useSymbols(): ReadonlyMap<string, TradedSymbol> {
  useEffect(() => {
    void read();
  }, []);
  return symbols.value;
}
