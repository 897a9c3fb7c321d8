/** Waiting inside a call: ends with the time, or at once when what stands around the call stops. */
import type { CallNode } from '../core/call.ts';
import { setAlarm } from '../core/clock.ts';
import { rejectLater } from '../core/promises.ts';
import { Leash } from '../core/scope.ts';

/** Resolves after `ms`; rejects with the reason as soon as the call is aborted or its time is over. */
export function sleep({ scope, run: { clock } }: CallNode, ms: number): Promise<void> {
  if (scope.stopped !== undefined) return rejectLater(scope.stopped.error);
  return new Promise((resolve, reject) => {
    const leash = new Leash((why) => {
      cancelAlarm();
      reject(why.error);
    });
    const cancelAlarm = setAlarm(clock, clock.now() + ms, () => {
      leash.unlink();
      resolve();
    });
    scope.add(leash);
  });
}
