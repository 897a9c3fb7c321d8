/**
 * `npm run bench:observe`: what it costs to watch a pipeline, in nanoseconds a call. Pipelines of the usual four
 * policies that are watched in different ways take turns, round by round; what is reported is the median of the
 * differences within a round, with an unwatched pipeline beside another to show the noise.
 *
 *   --rounds N   default 400
 */
import { parseArgs } from 'node:util';
import { bulkhead, circuitBreaker, type Pipeline, pipeline, retry, timeout } from 'holdfast';
import { logEvents } from 'holdfast/logging';
import { observe } from 'holdfast/observe';
import type { Candidate } from '../candidates/candidate.ts';
import { measure, type Spread, spread } from '../measure.ts';
import type { Staged } from '../stage.ts';

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '400' } } }).values;

const NOTHING = 'nothing';
const REPORT = 'a listener to call reports that does nothing';
const OPEN = 'nothing, the circuit open';
const unread = (): void => {};
const logger = { debug: unread, info: unread, warn: unread, error: unread };

type Watched = Pipeline<unknown, { call: unknown }>;

/** A way to watch, what it is called in the result, beside what it is shown, and whether the circuit is open. */
interface Way {
  readonly name: string;
  readonly beside: string;
  readonly open?: boolean;
  watch(subject: Watched): unknown;
}

const ways: readonly Way[] = [
  { name: NOTHING, beside: NOTHING, watch: () => {} },
  { name: 'nothing, again', beside: NOTHING, watch: () => {} },
  { name: REPORT, beside: NOTHING, watch: (subject) => subject.on('call', unread) },
  { name: 'observe', beside: NOTHING, watch: (subject) => observe(subject) },
  { name: 'logEvents', beside: NOTHING, watch: (subject) => logEvents([subject], logger) },
  { name: OPEN, beside: OPEN, open: true, watch: () => {} },
  {
    name: 'logEvents, the circuit open',
    beside: OPEN,
    open: true,
    watch: (subject) => logEvents([subject], logger),
  },
];

const staged: Staged[] = ways.map(({ name, open = false, watch }) => {
  const breaker = circuitBreaker();
  const subject = pipeline('bench', retry(), breaker, timeout({ ms: 1_000 }), bulkhead());
  watch(subject as Watched);
  if (open) breaker.isolate('for the benchmark');
  const work = async (): Promise<number> => 42;
  return {
    candidate: { name } as Candidate,
    call: () => subject.run(work),
    each: 1,
    rejects: open,
    close: () => {},
  };
});

const times = await measure(staged, { rounds: Number(rounds), batchMs: 10, warmUpMs: 500 });

function difference(name: string, beside: string): Spread {
  const [watched = [], base = []] = [times.get(name), times.get(beside)];
  return spread(watched.map((nanoseconds, round) => nanoseconds - (base[round] as number)));
}

const shown = ({ median, p10, p90 }: Spread): string =>
  `${median.toFixed(0)} ns (${p10.toFixed(0)} to ${p90.toFixed(0)})`;

for (const { name, beside } of ways)
  console.log(
    name === beside
      ? `${name}: ${shown(spread(times.get(name) ?? []))} a call`
      : `${name}: ${shown(difference(name, beside))} more than ${beside}`,
  );
