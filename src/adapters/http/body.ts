/** What holds for the body of an answer, whichever client receives it. */
import type { CallNode } from '../../core/call.ts';
import { type Clock, setAlarm } from '../../core/clock.ts';
import { messageFor, TimeoutError } from '../../core/errors.ts';
import type { Scope } from '../../core/scope.ts';

/** The most that is read ahead of the answer to a request that will be sent again, in bytes. */
export const READ_AHEAD = 65_536;

/** When a body is too late. */
export interface BodyDeadline {
  readonly clock: Clock;
  /** On the clock; `Infinity` for never. */
  readonly deadline: number;
  /** How long before that the headers came, in milliseconds; with the name of the pipeline it is for the error. */
  readonly ms: number;
  readonly pipeline: string | undefined;
}

/** Tells at the deadline, unless what is returned is called before. It keeps no process alive. */
export function whenLate(
  { clock, deadline, ms, pipeline }: BodyDeadline,
  tell: (error: TimeoutError) => void,
): (() => void) | undefined {
  if (deadline === Infinity) return undefined;
  const init = { policy: 'body', pipeline, ms };
  const late = (): TimeoutError =>
    new TimeoutError(messageFor(init, 'had not ended at the deadline of its call'), init);
  return setAlarm(clock, deadline, () => tell(late()), false);
}

/** The deadline of the body of an answer whose headers came now, to a call within this scope. */
export function bodyDeadline({ run, pipeline }: CallNode, scope: Scope): BodyDeadline {
  const { clock } = run;
  const deadline = lastDeadline(scope);
  return { clock, deadline, ms: deadline - clock.now(), pipeline };
}

/** The deadline of the whole call, or of all that is limited of it: that of an attempt ends with the attempt. */
function lastDeadline(innermost: Scope): number {
  let last = Infinity;
  for (let scope: Scope | undefined = innermost; scope !== undefined; scope = scope.parent?.scope) {
    if (scope.deadline !== Infinity) last = scope.deadline;
  }
  return last;
}
