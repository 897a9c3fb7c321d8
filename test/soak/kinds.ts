/** The calls of the soak: what their operations do, and what their callers want. Each is as frequent as its weight. */
import type { Operation, RunOptions } from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';

/** What a call is made of. */
export interface Planned {
  readonly operation: Operation<unknown>;
  readonly options?: RunOptions;
}

interface Kind {
  readonly weight: number;
  plan(clock: VirtualClock): Planned;
}

/** What dependencies throw. */
export const DOWN = new Error('down');
/** Why callers leave. */
export const LEFT = new Error('left');

const after = (clock: VirtualClock, ms: number): Promise<string> =>
  new Promise((resolve) => void clock.setTimer(ms, () => resolve('late')));

const fails = (): Promise<never> => Promise.reject(DOWN);

/** Work that heeds its signal, and ends in no other way. */
const untilAborted: Operation<never> = ({ signal }) =>
  new Promise((_, reject) => {
    const onAbort = (): void => {
      signal.removeEventListener('abort', onAbort);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
  });

/** A caller that leaves within so many milliseconds. */
function leaving(clock: VirtualClock, withinMs: number): RunOptions {
  const caller = new AbortController();
  clock.setTimer(clock.random() * withinMs, () => caller.abort(LEFT));
  return { signal: caller.signal };
}

const KINDS: Readonly<Record<string, Kind>> = {
  'answers at once': { weight: 600, plan: () => ({ operation: () => 'value' }) },
  'answers soon': { weight: 120, plan: (clock) => ({ operation: () => after(clock, clock.random() * 10) }) },
  'fails once': {
    weight: 60,
    plan: () => ({ operation: ({ attempt }) => (attempt === 1 ? fails() : 'value') }),
  },
  'fails always': { weight: 40, plan: () => ({ operation: fails }) },
  'throws before it returns a promise': {
    weight: 20,
    plan: () => ({
      operation: () => {
        throw DOWN;
      },
    }),
  },
  'heeds its signal': { weight: 15, plan: () => ({ operation: untilAborted }) },
  'ends long after it was given up': {
    weight: 10,
    plan: (clock) => ({ operation: () => after(clock, 120) }),
  },
  'never ends': { weight: 2, plan: () => ({ operation: () => new Promise(() => {}) }) },
  'has a deadline': { weight: 20, plan: () => ({ operation: untilAborted, options: { timeoutMs: 8 } }) },
  'is left while it works': {
    weight: 30,
    plan: (clock) => ({ operation: untilAborted, options: leaving(clock, 8) }),
  },
  'is left, and heeds nothing': {
    weight: 10,
    plan: (clock) => ({ operation: () => after(clock, 20), options: leaving(clock, 8) }),
  },
  'is left while it waits for a retry': {
    weight: 30,
    plan: (clock) => ({ operation: fails, options: leaving(clock, 20) }),
  },
  'was left before it began': {
    weight: 10,
    plan: () => ({ operation: () => 'value', options: { signal: AbortSignal.abort(LEFT) } }),
  },
};

/** Each as often as it weighs. */
const lots = Object.values(KINDS).flatMap((kind) => Array.from({ length: kind.weight }, () => kind));

/** One of them, by chance. */
export const anyCall = (clock: VirtualClock): Planned =>
  lots[Math.floor(clock.random() * lots.length)]!.plan(clock);

/** A call of a dependency that is slow. */
export const slowCall = (clock: VirtualClock): Planned => ({ operation: () => after(clock, 40) });

/** A call of a dependency that is down. */
export const failingCall = (): Planned => ({ operation: fails });
