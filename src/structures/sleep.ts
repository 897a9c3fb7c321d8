/** Waiting inside a call: ends with the time, or at once when what stands around the call stops. */
import type { CallNode } from '../core/call.ts';
import { setAlarm, type Timer } from '../core/clock.ts';
import { Link } from '../core/links.ts';
import type { Failure } from '../core/outcome.ts';
import { deferred } from '../core/promises.ts';
import type { Dependent } from '../core/scope.ts';

/** Resolves after `ms`; rejects with the reason as soon as the call is aborted or its time is over. */
export function sleep(call: CallNode, ms: number): Promise<void> {
  return new Sleeper(call, ms).promise;
}

class Sleeper extends Link implements Dependent {
  readonly promise: Promise<void>;
  readonly #reject: (error: unknown) => void;
  readonly #alarm: Timer;

  constructor(call: CallNode, ms: number) {
    super();
    const { promise, resolve, reject } = deferred<void>();
    this.promise = promise;
    this.#reject = reject;
    const { scope } = call;
    const { clock } = scope.run;
    this.#alarm = setAlarm(clock, clock.now() + ms, () => {
      scope.drop(this);
      resolve();
    });
    scope.add(this);
  }

  onStop(why: Failure): void {
    this.#alarm.cancel();
    this.#reject(why.error);
  }
}
