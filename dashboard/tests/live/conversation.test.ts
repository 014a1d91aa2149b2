import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Action,
  ANSWER_WITHIN_MS,
  ASK_AFTER_MS,
  CONNECT_WITHIN_MS,
  Conversation,
  RETRY_MOST_MS,
} from "../../src/live/conversation";
import type { Frame } from "../../src/live/frames";
import { decimal } from "../../src/money/decimal";

const AT = "2026-01-01T00:00:00.000Z";

function frame(type: string, data: unknown = {}, more: Partial<Frame> = {}): Frame {
  return { type, data, timestamp: AT, ...more };
}

function order(sequence: number): Frame {
  return frame(
    "order_update",
    { at: sequence },
    { channel: "orders", sequence: decimal(`${sequence}`) },
  );
}

function confirmed(sequence: number): Frame {
  const snapshot = { orders: [], positions: [], account: {}, signals: [] };
  return frame("subscribed", {
    channels: Object.keys(snapshot),
    snapshot,
    sequence: `${sequence}`,
  });
}

/** A conversation that is live, with a snapshot up to a sequence. */
function live(sequence = 0): Conversation {
  const conversation = new Conversation();
  conversation.start("token", 0);
  conversation.opened(0);
  conversation.received(frame("authenticated"), 0);
  conversation.received(confirmed(sequence), 0);
  return conversation;
}

function reconnect(conversation: Conversation, now = 60_000): Action[] {
  conversation.closed(1006, now, 0);
  conversation.passTime(now + RETRY_MOST_MS, 0);
  conversation.opened(now + RETRY_MOST_MS);
  return conversation.received(frame("authenticated"), now + RETRY_MOST_MS);
}

const messages = (actions: readonly Action[]) =>
  actions.flatMap((action) => (action.do === "send" ? [action.message] : []));
const kinds = (actions: readonly Action[]) => actions.map((action) => action.do);
const delivered = (actions: readonly Action[]) =>
  actions.flatMap((action) => (action.do === "deliver" ? [Number(action.frame.sequence)] : []));

test("it authenticates, then asks for what is one's own, then for markets", () => {
  const conversation = new Conversation();
  conversation.subscribe(["BTCUSDT@ticker"]);
  assert.deepEqual(kinds(conversation.start("token", 0)), ["connect"]);
  assert.deepEqual(messages(conversation.opened(0)), [{ type: "auth", token: "token" }]);
  assert.deepEqual(messages(conversation.received(frame("authenticated"), 0)), [
    { type: "subscribe", channels: ["orders", "positions", "account", "signals"] },
    { type: "subscribe", channels: ["BTCUSDT@ticker"] },
  ]);
  assert.equal(conversation.phase, "live");
});

test("whatever arrives, events are delivered once, in order, and every hole is told before", () => {
  const sequences = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 });
  fc.assert(
    fc.property(sequences, fc.integer({ min: 0, max: 10 }), (arriving, start) => {
      const conversation = live(start);
      let last = start;
      for (const sequence of arriving) {
        const actions = conversation.received(order(sequence), 0);
        if (sequence <= last) {
          assert.deepEqual(actions, [], "a duplicate, or one that comes late, changes nothing");
          continue;
        }
        const told = kinds(actions);
        assert.equal(told.at(-1), "deliver");
        assert.equal(told.includes("lost"), sequence > last + 1);
        last = sequence;
      }
    }),
  );
});

test("however often the line breaks, nothing is delivered twice and nothing is left out", () => {
  // What the gateway does: replay what follows `resume_from`, then go on.
  const breaks = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(breaks, (lengths) => {
      const conversation = live(0);
      const heard: number[] = [];
      let sent = 0;
      for (const [index, length] of lengths.entries()) {
        const upTo = sent + length;
        for (let each = sent + 1; each <= upTo; each += 1) {
          heard.push(...delivered(conversation.received(order(each), 0)));
        }
        // Meanwhile more happens that this line never hears of.
        sent = upTo + index;
        const [asked] = messages(reconnect(conversation, 60_000 * (index + 1)));
        const from = asked?.["resume_from"] as number;
        conversation.received(confirmed(sent), 0);
        for (let each = from + 1; each <= sent; each += 1) {
          heard.push(...delivered(conversation.received(order(each), 0)));
        }
      }
      assert.deepEqual(
        heard,
        Array.from({ length: sent }, (_, index) => index + 1),
      );
    }),
  );
});

test("what a snapshot holds already is news only", () => {
  const conversation = live(3);
  reconnect(conversation);
  conversation.received(confirmed(5), 0);
  const news = [4, 5, 6].map((each) =>
    conversation.received(order(each), 0).map((action) => action.do === "deliver" && action.news),
  );
  assert.deepEqual(news, [[true], [true], [false]]);
});

test("lost history is read again, and a feed that counts anew is followed", () => {
  const conversation = live(90);
  const lost = conversation.received(frame("error", { code: "HISTORY_LOST", detail: "" }), 0);
  assert.deepEqual(
    lost.map((action) => action.do === "lost" && action.channel),
    ["orders", "positions", "account", "signals"],
  );
  assert.deepEqual(conversation.received(order(2), 0), [
    { do: "deliver", frame: order(2), news: false },
  ]);
});

test("a channel that could not be read is read over REST", () => {
  const conversation = live();
  const snapshot = { orders: null };
  const actions = conversation.received(frame("subscribed", { snapshot, sequence: "4" }), 0);
  assert.deepEqual(actions.at(-1), { do: "lost", channel: "orders" });
});

test("a market frame that came before changes nothing, unless its channel counts anew", () => {
  const conversation = live();
  conversation.subscribe(["BTCUSDT@ticker"]);
  const price = (sequence: number, second: number) =>
    frame(
      "price_update",
      {},
      {
        channel: "BTCUSDT@ticker",
        sequence: decimal(`${sequence}`),
        timestamp: `2026-01-01T00:00:0${second}.000Z`,
      },
    );
  assert.equal(delivered(conversation.received(price(7, 1), 0)).length, 1);
  assert.equal(delivered(conversation.received(price(7, 1), 0)).length, 0);
  assert.equal(delivered(conversation.received(price(6, 0), 0)).length, 0);
  assert.equal(delivered(conversation.received(price(1, 2), 0)).length, 1);
});

test("frames of a channel that was given up are not delivered", () => {
  const conversation = live();
  conversation.subscribe(["BTCUSDT@ticker"]);
  conversation.unsubscribe(["BTCUSDT@ticker"]);
  const late = frame("price_update", {}, { channel: "BTCUSDT@ticker", sequence: decimal("1") });
  assert.deepEqual(conversation.received(late, 0), []);
});

test("silence is asked about, and a line that does not answer is given up", () => {
  const conversation = live();
  assert.deepEqual(conversation.passTime(ASK_AFTER_MS - 1, 0), []);
  assert.deepEqual(messages(conversation.passTime(ASK_AFTER_MS, 0)), [{ type: "ping" }]);
  const late = conversation.passTime(ASK_AFTER_MS + ANSWER_WITHIN_MS, 0);
  assert.deepEqual(kinds(late), ["disconnect"]);
  assert.equal(conversation.phase, "waiting");
});

test("a gateway that never answers is given up, too", () => {
  const conversation = new Conversation();
  conversation.start("token", 0);
  assert.deepEqual(kinds(conversation.passTime(CONNECT_WITHIN_MS, 0)), ["disconnect"]);
});

test("attempts are further and further apart, never more than the most", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, random) => {
        const conversation = new Conversation();
        conversation.start("token", 0);
        let now = 0;
        for (let attempt = 0; attempt < n; attempt += 1) {
          conversation.closed(1006, now, random);
          const wait = conversation.retryAt - now;
          assert.ok(wait > 0 && wait <= RETRY_MOST_MS);
          now = conversation.retryAt;
          assert.deepEqual(kinds(conversation.passTime(now, random)), ["connect"]);
        }
      },
    ),
  );
});

test("after 4401 it comes back with another token, and not before", () => {
  const conversation = live();
  assert.deepEqual(kinds(conversation.closed(4401, 0, 0)), ["renew-token"]);
  assert.deepEqual(conversation.passTime(60_000, 0), []);
  conversation.authenticate("newer");
  assert.deepEqual(kinds(conversation.passTime(60_000, 0)), ["connect"]);
  assert.deepEqual(messages(conversation.opened(60_000)), [{ type: "auth", token: "newer" }]);
});

test("where it is not wanted it does not come back", () => {
  for (const code of [4400, 4403]) {
    const conversation = live();
    assert.deepEqual(conversation.closed(code, 0, 0), []);
    assert.equal(conversation.phase, "refused");
    assert.deepEqual(conversation.passTime(10_000_000, 0), []);
  }
});

test("a newer token is told while the line is up", () => {
  assert.deepEqual(messages(live().authenticate("newer")), [{ type: "auth", token: "newer" }]);
});

test("the next person begins with nothing of the last one's", () => {
  const conversation = live(40);
  conversation.stop();
  conversation.start("other", 0);
  conversation.opened(0);
  const [asked] = messages(conversation.received(frame("authenticated"), 0));
  assert.equal(asked?.["resume_from"], undefined);
});
