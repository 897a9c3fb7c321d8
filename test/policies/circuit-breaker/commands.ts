/** Everything that can be done to a breaker, as data, for properties about any sequence of it. */
import fc from 'fast-check';
import { type BreakerPermit, type CircuitBreaker, type CircuitBreakerOptions, exponential } from 'holdfast';
import type { VirtualClock } from 'holdfast/testing';
import { boom } from './support.ts';

const REASONS = ['ann', 'bob'];

export type Command =
  | { readonly do: 'acquire' | 'open' | 'close' }
  | { readonly do: 'isolate' | 'release'; readonly reason: string }
  | { readonly do: 'success' | 'failure' | 'ignore'; readonly nth: number }
  | { readonly do: 'advance'; readonly ms: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ do: 'acquire' } as const) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('success', 'failure', 'failure', 'ignore'),
      nth: fc.nat({ max: 5 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('advance'), ms: fc.constantFrom(1, 7, 10, 50, 100, 400) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('open', 'close') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('isolate', 'release', 'release'),
      reason: fc.constantFrom(...REASONS),
    }),
  },
) as fc.Arbitrary<Command>;

export const commands = (maxLength: number): fc.Arbitrary<Command[]> =>
  fc.array(command, { maxLength, size: 'max' });

const growing = { baseMs: 50, maxMs: 800 } as const;

/** Rules under which a short sequence reaches every state. */
export const breakerOptions: fc.Arbitrary<CircuitBreakerOptions> = fc.record({
  window: fc.constantFrom({ calls: 4 }, { calls: 7 }, { ms: 100 }, { ms: 33 }),
  minimumCalls: fc.integer({ min: 1, max: 4 }),
  failureRate: fc.constantFrom(0.3, 0.5, 1),
  lowTrafficFailures: fc.constantFrom(1, 2, Infinity),
  consecutiveFailures: fc.constantFrom(undefined, 2, 3),
  slowCallMs: fc.constantFrom(undefined, 20),
  probes: fc.integer({ min: 1, max: 4 }),
  probeTimeoutMs: fc.constantFrom(10, 60, 10_000),
  openMs: fc.constantFrom(
    100,
    exponential({ ...growing, jitter: 'none' }),
    exponential({ ...growing, jitter: 'decorrelated' }),
    exponential({ ...growing, jitter: 'smooth' }),
  ),
  maxOpenMs: fc.constantFrom(400, 10_000),
  random: fc.constantFrom(
    () => 0.1,
    () => 0.75,
  ),
});

/** A breaker and the permits that it has given and that have not ended. */
export class Driven {
  readonly breaker: CircuitBreaker;
  readonly permits: BreakerPermit[] = [];

  constructor(breaker: CircuitBreaker) {
    this.breaker = breaker;
  }

  /** Does all but `advance`, which is the clock's; true if `acquire` was granted or the permit existed. */
  apply(command: Exclude<Command, { do: 'advance' }>): boolean {
    const { breaker, permits } = this;
    switch (command.do) {
      case 'acquire': {
        const permit = breaker.tryAcquire();
        if (permit !== undefined) permits.push(permit);
        return permit !== undefined;
      }
      case 'isolate':
      case 'release':
        breaker[command.do](command.reason);
        return true;
      case 'open':
      case 'close':
        breaker[command.do]();
        return true;
      default: {
        const [permit] = permits.splice(command.nth % Math.max(1, permits.length), 1);
        permit?.[command.do](boom);
        return permit !== undefined;
      }
    }
  }
}

/** Applies the commands to all the breakers alike; `after` sees what each answered. */
export async function drive(
  clock: VirtualClock,
  all: readonly Driven[],
  course: readonly Command[],
  after: (answers: readonly boolean[], command: Command) => void = () => {},
): Promise<void> {
  for (const command of course) {
    if (command.do === 'advance') {
      await clock.advance(command.ms);
      after([], command);
    } else {
      after(
        all.map((each) => each.apply(command)),
        command,
      );
    }
  }
}
