/**
 * `npm run bench:metrics`: what it costs a call of the four-policy pipeline to be counted, beside the same pipeline on
 * which nobody looks, the same after it was stopped, and prom-client's own `observe` and `inc`. All take turns; what is
 * reported is the median, over the rounds, of the difference to the plain pipeline within the round.
 *
 *   --rounds N   default 240
 */
import { parseArgs } from 'node:util';
import { bulkhead, circuitBreaker, pipeline, retry, timeout } from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { Counter, Histogram, Registry } from 'prom-client';
import type { Candidate } from '../candidates/candidate.ts';
import { measure, spread } from '../measure.ts';
import type { Staged } from '../stage.ts';

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '240' } } }).values;

const four = (name: string) =>
  pipeline(name, retry(), circuitBreaker(), timeout({ ms: 1_000 }), bulkhead({ concurrency: 10 }));
const work = async (): Promise<number> => 42;

const staged = (name: string, call: () => Promise<unknown>): Staged => ({
  candidate: { name } as Candidate,
  call,
  rejects: false,
  close() {},
});

const [plain, again, counted, stopped, byHand] = ['plain', 'again', 'counted', 'stopped', 'by hand'].map(
  four,
);
const registry = new Registry();
instrument([counted!], { registry });
instrument([stopped!], { registry: new Registry() })();

// What a wrapper around each call does that hands each number over to prom-client: the one counter and the one histogram.
const labelNames = ['pipeline', 'outcome'];
const registers = [new Registry()];
const seconds = new Histogram({ name: 'call_seconds', help: 'by hand', labelNames, registers });
const calls = new Counter({ name: 'calls_total', help: 'by hand', labelNames, registers });
const labels = { pipeline: 'by hand', outcome: 'success' };
async function handedOver(): Promise<unknown> {
  const start = performance.now();
  const value = await byHand!.run(work);
  seconds.observe(labels, (performance.now() - start) / 1_000);
  calls.inc(labels);
  return value;
}

const all = [
  staged('plain', () => plain!.run(work)),
  staged('plain, beside itself', () => again!.run(work)),
  staged('counted by holdfast/prometheus', () => counted!.run(work)),
  staged('instrumented and stopped', () => stopped!.run(work)),
  staged('one observe and one inc of prom-client', handedOver),
];
const times = await measure(all, { rounds: Number(rounds), batchMs: 10, warmUpMs: 500 });
const base = times.get('plain') as readonly number[];
console.log(`plain: ${spread(base).median.toFixed(0)} ns a call`);
for (const { candidate } of all.slice(1)) {
  const own = times.get(candidate.name) as readonly number[];
  const { median, p10, p90 } = spread(own.map((ns, round) => ns - (base[round] as number)));
  console.log(`${candidate.name}: ${median.toFixed(0)} ns more (${p10.toFixed(0)} to ${p90.toFixed(0)})`);
}

/** Nanoseconds of one of these, alone. */
function alone(name: string, act: () => void): void {
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) act();
    return ((performance.now() - start) / 20_000) * 1e6;
  });
  console.log(`${name} alone: ${spread(times.slice(10)).median.toFixed(0)} ns`);
}
alone('observe of prom-client', () => seconds.observe(labels, 0.01));
alone('inc of prom-client', () => calls.inc(labels));

const start = performance.now();
const many = Array.from({ length: 1_000 }, (_, i) => four(`pipeline ${i}`));
const large = new Registry();
instrument(many, { registry: large });
for (const each of many) await each.run(work);
console.log(`1,000 pipelines instrumented, with a call each: ${(performance.now() - start).toFixed(0)} ms`);
const scrapes: number[] = [];
let lines = 0;
for (let i = 0; i < 10; i++) {
  const began = performance.now();
  lines = (await large.metrics()).split('\n').length;
  scrapes.push(performance.now() - began);
}
const { median, p90 } = spread(scrapes);
console.log(`a scrape of them, ${lines} lines: ${median.toFixed(0)} ms (up to ${p90.toFixed(0)})`);
