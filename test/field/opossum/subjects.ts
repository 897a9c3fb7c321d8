import CircuitBreaker, { type Options } from 'opossum';
import { onTestFinished } from 'vitest';
import type { Breaker, Operation } from '../support.ts';

export type Opossum = CircuitBreaker<[Operation<unknown>]>;

/** Of an opossum breaker the action is fixed, so the script's operation travels as its argument. */
export function opossum(options: Options): Opossum {
  const breaker: Opossum = new CircuitBreaker<[Operation<unknown>]>(
    (operation) => operation({ signal: breaker.getSignal() ?? new AbortController().signal }),
    options,
  );
  onTestFinished(() => breaker.shutdown());
  return breaker;
}

/** An opossum breaker behind the interface of the scripts. */
export function opossumBreaker(breaker: Opossum): Breaker {
  return {
    run: <T>(operation: Operation<T>) => breaker.fire(operation) as Promise<T>,
    get state() {
      return breaker.closed ? 'closed' : breaker.opened ? 'open' : 'half-open';
    },
  };
}
