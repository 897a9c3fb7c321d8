/** What the circuit breaker's tests have in common. */
import type { BreakerEvents, CircuitBreaker } from 'holdfast';

export const boom = new Error('boom');

/** One call for each letter: S succeeds, F fails. It must be admitted. */
export function feed(breaker: CircuitBreaker, letters: string): void {
  for (const letter of letters) {
    const permit = breaker.tryAcquire();
    if (permit === undefined) throw new Error(`refused while ${breaker.state}`);
    if (letter === 'S') permit.success();
    else permit.failure(boom);
  }
}

/** The places that are free: how many calls would be admitted at once. */
export function freePlaces(breaker: CircuitBreaker, most = 10): number {
  const permits = [];
  for (let permit = breaker.tryAcquire(); permit !== undefined; permit = breaker.tryAcquire()) {
    if (permits.push(permit) === most) break;
  }
  for (const permit of permits) permit.ignore();
  return permits.length;
}

/** Everything that the breaker emits of one type, as it comes. */
export function heard<K extends keyof BreakerEvents>(breaker: CircuitBreaker, type: K): BreakerEvents[K][] {
  const events: BreakerEvents[K][] = [];
  breaker.on(type, (event) => events.push(event as BreakerEvents[K]));
  return events;
}

/** Each change of state from now on, as `from->to`. */
export function edges(breaker: CircuitBreaker): string[] {
  const seen: string[] = [];
  breaker.on('state', ({ from, to }) => seen.push(`${from}->${to}`));
  return seen;
}
