/** A racing time-out alone, by hand. */
import type { Built, Settings, Work } from '../candidate.ts';
import { Attempt, Deadlines } from './deadlines.ts';

type Reject = (error: unknown) => void;

export function timed(work: Work, { timeoutMs }: Settings): Built {
  const deadlines = new Deadlines<Reject>(timeoutMs, ({ run }, error) => run(error));

  function begin(resolve: (value: unknown) => void, reject: Reject): void {
    const attempt = new Attempt(reject, 1, 0, performance.now() + timeoutMs);
    deadlines.watch(attempt);
    work().then(
      (value) => {
        if (!attempt.givenUp) deadlines.unwatch(attempt);
        resolve(value);
      },
      (error) => {
        if (!attempt.givenUp) deadlines.unwatch(attempt);
        reject(error);
      },
    );
  }

  return { call: () => new Promise(begin) };
}
