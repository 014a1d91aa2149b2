import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, soon } from "../../../src/pages/paper/debounce";

/** A clock that stands still until it is told to go on. */
class Hand implements Clock {
  #time = 0;
  #due: { at: number; what: () => void } | null = null;
  now = () => this.#time;
  after = (ms: number, what: () => void) => {
    this.#due = { at: this.#time + ms, what };
    return this.#due;
  };
  forget = (handle: unknown) => {
    if (handle === this.#due) this.#due = null;
  };

  pass(ms: number): void {
    const until = this.#time + ms;
    if (this.#due && this.#due.at <= until) {
      const { at, what } = this.#due;
      this.#due = null;
      this.#time = at;
      what();
    }
    this.#time = until;
  }
}

function watched(quietMs: number, withinMs: number) {
  const clock = new Hand();
  const times: number[] = [];
  const { ask, cancel } = soon(() => times.push(clock.now()), quietMs, withinMs, clock);
  return { clock, times, ask, cancel };
}

test("a burst is answered once, when it is over", () => {
  const { clock, times, ask } = watched(300, 1_500);
  ask();
  clock.pass(200);
  ask();
  clock.pass(1_000);
  assert.deepEqual(times, [500]);
});

test("a burst that does not end is answered all the same", () => {
  const { clock, times, ask } = watched(300, 1_000);
  for (let n = 0; n < 25; n += 1) {
    ask();
    clock.pass(100);
  }
  assert.deepEqual(times, [1_000, 2_000]);
});

test("what was canceled is not done", () => {
  const { clock, times, ask, cancel } = watched(300, 1_000);
  ask();
  cancel();
  clock.pass(5_000);
  assert.deepEqual(times, []);
});
