/** The filters of symbols, by their names. */
import type { Rules } from "./orderDraft";

export type RulesOf = (symbol: string) => Rules | undefined;

/** Finds a symbol's filters; undefined while they are not known. */
export function rulesOf(symbols: readonly Rules[]): RulesOf {
  const bySymbol = new Map(symbols.map((rules) => [rules.symbol, rules]));
  return (symbol) => bySymbol.get(symbol);
}
