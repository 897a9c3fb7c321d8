/** All that can be seen of a play, in words: two plays that nobody can tell apart have the same account. */
import fc from 'fast-check';
import { EVENTS, listen } from './looking-on.ts';
import { Play, type Watch } from './play.ts';
import type { SpyGate } from './policies.ts';
import type { Run } from './records.ts';
import type { Script } from './script.ts';
import type { Pace } from './stage.ts';

/** The script once more, after it has been played: what fell due together comes in the same order as it did then. */
export function again(script: Script): Script {
  const given = script.order.report().filter(({ status }) => status !== 'pending');
  return { ...script, order: fc.schedulerFor(given.map(({ taskId }) => taskId)) };
}

export interface Account {
  /** What happened, by its time. */
  readonly events: ReadonlyMap<number, readonly string[]>;
  /** What the gates learned, and what all policies have counted in the end. */
  readonly counts: readonly string[];
}

export async function accountOf(script: Script, watch: Watch, pace: Pace): Promise<Account> {
  const events = new Map<number, string[]>();
  const note = (what: string): void => {
    const { now } = play.stage;
    const already = events.get(now);
    if (already === undefined) events.set(now, [what]);
    else already.push(what);
  };
  const play: Play = new Play(
    script,
    {
      ...watch,
      made(subject) {
        watch.made?.(subject);
        for (const type of EVENTS) listen(subject, type, (event) => note(`${type} ${tell(event)}`));
      },
      began: ({ run, call }) => note(`${run.label} invoked, ${call.attempt}, ${call.remainingMs} ms left`),
      settled: ({ label, outcome }) => note(`${label} ${tell(outcome)}`),
    },
    pace,
  );
  await play.perform();
  await play.abortAll();
  await play.endAll();
  const counts = [
    ...play.breakers.map(({ name, state, retryAfterMs, stats }) =>
      tell({ name, state, retryAfterMs, stats }),
    ),
    ...play.bulkheads.map(({ name, inFlight, queued, abandoned }) =>
      tell({ name, inFlight, queued, abandoned }),
    ),
    ...play.gates.flatMap(visitsOf),
    `timers ${play.stage.clock.pendingTimers}`,
  ];
  return { events, counts };
}

const visitsOf = ({ name, visits }: SpyGate): readonly string[] =>
  visits.map(
    ({ run, before, late, leaves, releases }) =>
      `${name} ${run.label} ${before} ${late} ${tell(leaves)} ${releases}`,
  );

/** What was seen in words: a run by its label, an error by what it says. */
function tell(seen: unknown): string {
  if (typeof seen !== 'object' || seen === null) return String(seen);
  if (seen instanceof Error) return `${seen.name}: ${seen.message}`;
  if (Array.isArray(seen)) return `[${seen.map(tell).join()}]`;
  if ('invocations' in seen) return (seen as Run).label;
  let told = '';
  for (const [key, value] of Object.entries(seen)) told += `${key} ${tell(value)} `;
  return `{${told}}`;
}
