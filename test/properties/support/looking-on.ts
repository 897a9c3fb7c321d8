/** Layers of a user's own that change nothing, and listeners: what a property sees of a run with their help. */
import { type Layer, type Outcome, Runnable } from 'holdfast';
import type { Run } from './records.ts';

/** Looks at what passes. `ends` is told how what is further in settles, before anyone who waits for that. */
export const onlooking = (looks: {
  begins?(run: Run): void;
  ends?(run: Run, outcome: Outcome): void;
}): Layer => ({
  around: (next) => (operation, call) => {
    const run = call.context as Run;
    looks.begins?.(run);
    const result = next(operation, call);
    result.then(
      (value) => looks.ends?.(run, { ok: true, value }),
      (error) => looks.ends?.(run, { ok: false, error }),
    );
    return result;
  },
});

/** Of every policy and of a pipeline. */
export const EVENTS = [
  'retry',
  'exhausted',
  'state',
  'reject',
  'stale',
  'queue',
  'abandon',
  'timeout',
  'fallback',
  'call',
] as const;
export type EventName = (typeof EVENTS)[number] | 'listener-error';

/** Listens to a pipeline, or to a policy if that can be listened to. */
export function listen(subject: object, type: EventName, listener: (event: object) => unknown): void {
  if (subject instanceof Runnable) (subject as Runnable<Record<string, object>>).on(type, listener);
}
