/** Does something once after a burst of reasons for it. */

/** How time passes; a test has its own. */
export interface Clock {
  now: () => number;
  after: (ms: number, what: () => void) => unknown;
  forget: (handle: unknown) => void;
}

const REAL: Clock = {
  now: () => performance.now(),
  after: (ms, what) => setTimeout(what, ms),
  forget: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/** Once nobody has asked for `quietMs`, but at most `withinMs` after the first who did. */
export function soon(what: () => void, quietMs: number, withinMs: number, clock: Clock = REAL) {
  let handle: unknown;
  let firstAsked: number | null = null;
  const cancel = () => {
    clock.forget(handle);
    firstAsked = null;
  };
  const run = () => {
    firstAsked = null;
    what();
  };
  const ask = () => {
    firstAsked ??= clock.now();
    clock.forget(handle);
    const left = firstAsked + withinMs - clock.now();
    handle = clock.after(Math.max(0, Math.min(quietMs, left)), run);
  };
  return { ask, cancel };
}
