/** The candles of one symbol and timeframe: the newest, older ones on demand, the live one. */
import { api } from "../api/client";
import { type Problem, problemOf } from "../api/problem";
import { candleChannel, type Frame } from "../live/frames";
import { isLive, listen } from "../live/socket";
import { type Candle, isHole, laterVersion, mergeCandles } from "./candles";

/** What a feed tells. */
export interface CandleListener {
  /** Another list altogether (`isOther`), or the same one with more in it. */
  onCandles(candles: readonly Candle[], isOther: boolean): void;
  /** The last candle changed, or the next one began. */
  onUpdate(candle: Candle, candles: readonly Candle[]): void;
  onProblem(problem: Problem): void;
}

const PAGE = 300;
// Who wants to see further back than so many pages has to scroll there.
const MOST_PAGES_BACK = 10;

export class CandleFeed {
  readonly #symbol: string;
  readonly #timeframe: string;
  readonly #listener: CandleListener;
  readonly #abort = new AbortController();
  readonly #stops: (() => void)[];
  #candles: Candle[] = [];
  #olderCursor: string | null = null;
  #isReadingOlder = false;

  constructor(symbol: string, timeframe: string, listener: CandleListener) {
    this.#symbol = symbol;
    this.#timeframe = timeframe;
    this.#listener = listener;
    const lost = () => void this.readNewest();
    const stop = listen(candleChannel(symbol, timeframe), {
      deliver: (frame) => this.#take(frame),
      lost,
    });
    let wasLive = isLive.peek();
    // Whatever closed while nothing was heard is read.
    const stopWatching = isLive.subscribe((now) => {
      if (now && !wasLive && this.#candles.length > 0) lost();
      wasLive = now;
    });
    this.#stops = [stop, stopWatching];
    void this.readNewest();
  }

  close(): void {
    this.#abort.abort();
    for (const stop of this.#stops) stop();
  }

  /** Reads the newest candles, for the first time or after something was missed. */
  async readNewest(): Promise<void> {
    try {
      const page = await this.#read(undefined);
      // After a long silence the lists may not touch; then the older one is given up.
      const oldest = page.items[0]?.open_time;
      const isOther = !this.#candles.some((each) => each.open_time === oldest);
      if (isOther) this.#olderCursor = page.next_cursor;
      this.#candles = isOther ? page.items : mergeCandles(this.#candles, page.items);
      this.#listener.onCandles(this.#candles, isOther);
    } catch (thrown) {
      this.#tellProblem(thrown);
    }
  }

  /** Reads candles before the oldest one that is known; nothing where there are none. */
  async readOlder(): Promise<void> {
    const cursor = this.#olderCursor;
    if (cursor === null || this.#isReadingOlder) return;
    this.#isReadingOlder = true;
    try {
      const page = await this.#read(cursor);
      this.#olderCursor = page.next_cursor;
      this.#candles = mergeCandles(page.items, this.#candles);
      this.#listener.onCandles(this.#candles, false);
    } catch (thrown) {
      this.#tellProblem(thrown);
    } finally {
      this.#isReadingOlder = false;
    }
  }

  /** Reads older candles until a moment is among them; tells whether it is. */
  async readBackTo(moment: string): Promise<boolean> {
    for (let page = 0; page < MOST_PAGES_BACK; page += 1) {
      const oldest = this.#candles[0]?.open_time;
      if (oldest === undefined || oldest <= moment) break;
      await this.readOlder();
      if (this.#candles[0]?.open_time === oldest) break;
    }
    const oldest = this.#candles[0]?.open_time;
    return !this.#abort.signal.aborted && oldest !== undefined && oldest <= moment;
  }

  #read(cursor: string | undefined) {
    return api.get("/api/market/candles/{symbol}/{timeframe}", {
      path: { symbol: this.#symbol, timeframe: this.#timeframe as "1m" },
      query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
      signal: this.#abort.signal,
    });
  }

  #take(frame: Frame): void {
    const candle = frame.data as Candle;
    const last = this.#candles.at(-1);
    if (last === undefined || candle.open_time < last.open_time) return;
    if (isHole(last, candle)) void this.readNewest();
    if (candle.open_time > last.open_time) this.#candles = [...this.#candles, candle];
    else this.#candles[this.#candles.length - 1] = laterVersion(candle, last);
    this.#listener.onUpdate(this.#candles.at(-1) ?? candle, this.#candles);
  }

  #tellProblem(thrown: unknown): void {
    if (!this.#abort.signal.aborted) this.#listener.onProblem(problemOf(thrown));
  }
}
