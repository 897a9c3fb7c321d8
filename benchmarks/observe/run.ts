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

type Watched = Pipeline<unknown, { call: unknown }>;

/** Ways to watch, by what they are called in the result, and beside what each is shown. */
const ways: readonly [name: string, beside: string, watch: (subject: Watched) => unknown][] = [
  [NOTHING, NOTHING, () => {}],
  ['nothing, again', NOTHING, () => {}],
  [REPORT, NOTHING, (subject) => subject.on('call', () => {})],
  ['observe', REPORT, (subject) => observe(subject)],
  ['logEvents', NOTHING, (subject) => logEvents([subject], console)],
];

const staged: Staged[] = ways.map(([name, , watch]) => {
  const subject = pipeline('bench', retry(), circuitBreaker(), timeout({ ms: 1_000 }), bulkhead());
  watch(subject as Watched);
  const work = async (): Promise<number> => 42;
  return { candidate: { name } as Candidate, call: () => subject.run(work), rejects: false, close: () => {} };
});

const times = await measure(staged, { rounds: Number(rounds), batchMs: 10, warmUpMs: 500 });

function difference(name: string, beside: string): Spread {
  const [watched = [], base = []] = [times.get(name), times.get(beside)];
  return spread(watched.map((nanoseconds, round) => nanoseconds - (base[round] as number)));
}

const shown = ({ median, p10, p90 }: Spread): string =>
  `${median.toFixed(0)} ns (${p10.toFixed(0)} to ${p90.toFixed(0)})`;

console.log(`${NOTHING}: ${shown(spread(times.get(NOTHING) ?? []))} a call`);
for (const [name, beside] of ways.slice(1))
  console.log(`${name}: ${shown(difference(name, beside))} more than ${beside}`);
