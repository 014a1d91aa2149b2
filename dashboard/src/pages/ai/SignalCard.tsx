/** What a model says of a market: the signal, its prices, and how long it holds. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { isStale, quoteOf, watchPrices } from "../../live/prices";
import { type Decimal, format, formatByStep, formatPercent } from "../../money/decimal";
import { Card, Facts } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { Moment } from "../../ui/Moment";
import { Price } from "../../ui/numbers";
import { StaleWord } from "../market/LivePrice";
import {
  type Analysis,
  confidenceText,
  percentFrom,
  suggestedPrices,
  ticketAddress,
} from "./analysis";
import { RiskReward } from "./RiskReward";
import { SignalWord, signalTone } from "./SignalWord";
import { remainingText } from "./times";
import { useNow } from "./useNow";

export function SignalCard(props: {
  analysis: Analysis;
  tick: Decimal | undefined;
  isCurrent: boolean;
}) {
  const { analysis, tick, isCurrent } = props;
  return (
    <Card title="Signal" class={isCurrent ? "signal" : "signal signal-expired"}>
      <div class="signal-head">
        <SignalWord signal={analysis.signal} isLarge />
        <Validity expiresAt={analysis.expires_at} isCurrent={isCurrent} />
      </div>
      <Confidence analysis={analysis} />
      {analysis.suggested_entry === null ? (
        <p class="muted">The model sees no way that is worth its risk, and suggests no prices.</p>
      ) : (
        <>
          <SuggestedPrices analysis={analysis} tick={tick} />
          {isCurrent && (
            <EntryNow analysis={analysis} entry={analysis.suggested_entry} tick={tick} />
          )}
          <RiskReward ratio={analysis.risk_reward_ratio} />
        </>
      )}
      <ToTicket analysis={analysis} tick={tick} isCurrent={isCurrent} />
      <AboutAnalysis analysis={analysis} tick={tick} />
    </Card>
  );
}

/** Counts down; what is over is called so and never looks current. */
function Validity({ expiresAt, isCurrent }: { expiresAt: string; isCurrent: boolean }) {
  if (!isCurrent) {
    return (
      <span class="stale-word">
        <Icon name="alert" /> Expired
      </span>
    );
  }
  return <Countdown until={Date.parse(expiresAt)} />;
}

function Countdown({ until }: { until: number }) {
  const now = useNow(until);
  return (
    <span class="signal-validity">
      <Icon name="clock" /> Valid for{" "}
      <span class="figures signal-countdown">{remainingText(until - now)}</span>
    </span>
  );
}

function Confidence({ analysis: { confidence, signal } }: { analysis: Analysis }) {
  const text = confidenceText(confidence);
  return (
    <div class="confidence">
      <div class="signal-line">
        <span class="muted">Confidence</span>
        <strong class="figures">{text}</strong>
      </div>
      <meter
        class={`confidence-meter ${signalTone(signal)}`}
        aria-label="Confidence"
        min={0}
        max={1}
        value={Number(confidence)}
      >
        {text}
      </meter>
    </div>
  );
}

function SuggestedPrices({ analysis, tick }: { analysis: Analysis; tick: Decimal | undefined }) {
  return (
    <table class="signal-prices">
      <caption class="visually-hidden">Suggested prices, highest first</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Level</th>
          <th scope="col">Price</th>
          <th scope="col">From the entry</th>
        </tr>
      </thead>
      <tbody>
        {suggestedPrices(analysis).map(({ name, price, fromEntry }) => (
          <tr key={name}>
            <th scope="row">
              <span class={`level-key level-${name.toLowerCase()}`} aria-hidden="true" />
              {name}
            </th>
            <td class="number">
              <Price value={price} step={tick} />
            </td>
            <td class="number signal-distance">
              {fromEntry === null ? (
                <span class="visually-hidden">none</span>
              ) : (
                formatPercent(fromEntry)
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How far the live price is from the entry; nothing is said of a price that is not live. */
function EntryNow(props: { analysis: Analysis; entry: Decimal; tick: Decimal | undefined }) {
  const { analysis, entry, tick } = props;
  const { symbol } = analysis;
  useEffect(() => watchPrices([symbol]), [symbol]);
  const text = useComputed(() => {
    const price = quoteOf(symbol).value?.price;
    if (price === undefined || isStale(symbol).value) return null;
    const shown = tick ? formatByStep(price, tick) : format(price);
    const away = percentFrom(entry, price)?.round(2);
    if (!away || away.eq(0)) return `${shown}, at the entry`;
    return `${shown}, ${format(away.abs(), { places: 2 })}% ${away.gt(0) ? "above" : "below"} the entry`;
  });
  return (
    <div class="signal-line">
      <span class="muted">Live price</span>
      <span class="figures">{text.value ?? <StaleWord symbol={symbol} />}</span>
    </div>
  );
}

function ToTicket(props: { analysis: Analysis; tick: Decimal | undefined; isCurrent: boolean }) {
  const { analysis, tick, isCurrent } = props;
  const address = ticketAddress(analysis);
  const entry = analysis.suggested_entry;
  if (address === null || entry === null || !isCurrent) return null;
  const isLong = analysis.signal === "Long";
  return (
    <div class="signal-action">
      <a class={`button button-wide ${isLong ? "button-buy" : "button-sell"}`} href={address}>
        Use in ticket
      </a>
      <p class="field-hint">
        Fills the ticket with a {isLong ? "buy" : "sell"} limit at{" "}
        <Price value={entry} step={tick} />. Nothing is sent until you send it.
      </p>
    </div>
  );
}

function AboutAnalysis({ analysis, tick }: { analysis: Analysis; tick: Decimal | undefined }) {
  const facts: [string, ComponentChildren][] = [
    ["Price then", <Price key="price" value={analysis.price} step={tick} />],
    ["Made", <Moment key="made" at={analysis.created_at} />],
    ["Valid until", <Moment key="until" at={analysis.expires_at} />],
    ["Model", analysis.model],
  ];
  if (analysis.cached) facts.push(["Source", "Kept copy, less than 5 minutes old when asked"]);
  return <Facts facts={facts} />;
}
