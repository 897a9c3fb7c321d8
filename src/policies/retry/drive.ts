/**
 * p-retry, driven by our rules. It owns the loop: when to call again, how often, and how an end is reported. It does
 * not own the rest, for its own rules do not suit a service: it never tries non-network `TypeError`s and values thrown
 * that are no errors again, applies jitter before the cap, reads the signal only between steps, and sleeps on a timer
 * that no clock can be put under. So
 *
 * - each attempt that is not final goes into it wrapped in a carrier of ours, about which it has no opinion;
 * - `minTimeout` is 0, so that it creates no timer; our backoff is awaited, on our clock, inside its `shouldRetry`;
 * - the first attempt has been made before it is called: a call that succeeds at once pays nothing for it.
 */
import pRetry from 'p-retry';

/** What the loop asks of whoever drives it. */
export interface Course<Attempt> {
  readonly retries: number;
  /** The attempt that has been made already, and is not final. */
  readonly first: Attempt;
  /** Whether nothing comes after this attempt, whatever is left. */
  isFinal(attempt: Attempt): boolean;
  /** Makes attempt number `n`, from 2 on. It never rejects. */
  make(n: number): Promise<Attempt>;
  /** Waits for the time of the next attempt; false if none may come. It may reject, which ends the loop with that. */
  wait(attempt: Attempt): Promise<boolean>;
  /** No retries are left. */
  exhausted(attempt: Attempt): void;
}

/** Tries on until an attempt is final or none may come, and gives the last. */
export async function drive<Attempt>(course: Course<Attempt>): Promise<Attempt> {
  let last = course.first;
  let attempts = 1;
  const make = async (n: number): Promise<Attempt> => {
    attempts = n;
    // A promise that is rejected before p-retry can await it is dear.
    last = n === 1 ? await last : await course.make(n);
    if (n > 1 && course.isFinal(last)) return last;
    throw new Carrier();
  };
  const shouldRetry = (): Promise<boolean> => course.wait(last);
  try {
    return await pRetry(make, { retries: course.retries, minTimeout: 0, shouldRetry });
  } catch (error) {
    if (!(error instanceof Carrier)) throw error;
    if (attempts > course.retries) course.exhausted(last);
    return last;
  }
}

/** An error as far as p-retry can tell, and free: a real one would capture a stack for each attempt. */
class Carrier {}
Object.setPrototypeOf(Carrier.prototype, Error.prototype);
