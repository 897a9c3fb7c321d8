/** What a candidate has to do, part by part. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { ANSWER, type Part, type Settings } from './candidates/candidate.ts';
import { FAULT, SETTINGS, type Trial, VALUE } from './trial.ts';

interface Check {
  readonly says: string;
  /** The parts that a candidate must have for the check to be about it. */
  readonly parts: readonly Part[];
  readonly without?: Part;
  /** Where they are others than usual. */
  readonly settings?: Partial<Settings>;
  holds(trial: Trial): Promise<boolean>;
}

export const CHECKS: readonly Check[] = [
  {
    says: 'passes the value on',
    parts: [],
    holds: async (trial) => (await trial.call()) === VALUE && trial.invocations === 1,
  },
  {
    says: 'passes the error on',
    parts: [],
    without: 'fallback',
    async holds(trial) {
      trial.act = () => 'fail';
      return (await trial.call()) === FAULT;
    },
  },
  {
    says: 'answers in place of an error',
    parts: ['fallback'],
    async holds(trial) {
      trial.act = () => 'fail';
      return (await trial.call()) === ANSWER;
    },
  },
  {
    says: 'tries again',
    parts: ['retry'],
    async holds(trial) {
      trial.act = (n) => (n === 1 ? 'fail' : 'succeed');
      return (await trial.call()) === VALUE && trial.invocations === 2;
    },
  },
  {
    says: 'opens, and closes again',
    parts: ['breaker'],
    async holds(trial) {
      if (!(await trial.open())) return false;
      trial.act = () => 'succeed';
      await sleep(2 * SETTINGS.openMs);
      return (await trial.call()) === VALUE && (await trial.call()) === VALUE;
    },
  },
  {
    says: 'half-open, lets one call through',
    parts: ['breaker'],
    async holds(trial) {
      if (!(await trial.open())) return false;
      await sleep(2 * SETTINGS.openMs);
      const before = trial.invocations;
      const calls = trial.fill();
      await setImmediate();
      const probes = trial.invocations - before;
      trial.act = () => 'succeed';
      await trial.finish();
      await Promise.all(calls);
      return probes === 1;
    },
  },
  {
    says: 'rejects what is too much',
    parts: ['bulkhead'],
    async holds(trial) {
      const calls = trial.fill();
      await setImmediate(); // until all of them have got through
      const refused = await trial.refuses();
      await trial.finish();
      await Promise.all(calls);
      // Not later either, when nobody waits any more.
      const invoked = trial.invocations;
      trial.act = () => 'succeed';
      return refused && invoked === calls.length && (await trial.call()) === VALUE;
    },
  },
  {
    says: 'queues what is too much, first come first served',
    parts: ['queue'],
    async holds(trial) {
      const ended: number[] = [];
      const calls = [...trial.fill(), trial.call(), trial.call(), trial.call()].map(async (call, i) => {
        const value = await call;
        ended.push(i);
        return value === VALUE;
      });
      await setImmediate();
      const atOnce = trial.invocations;
      trial.act = () => 'succeed';
      await trial.finish();
      const values = await Promise.all(calls);
      return atOnce === SETTINGS.concurrency && values.every(Boolean) && ended.every((call, i) => call === i);
    },
  },
  {
    says: 'gives up in time',
    parts: ['timeout'],
    async holds(trial) {
      trial.act = () => 'hang';
      const start = performance.now();
      const error = await trial.call();
      return error instanceof Error && performance.now() - start >= SETTINGS.timeoutMs - 1;
    },
  },
  {
    says: 'keeps the place of work that timed out',
    parts: ['timeout', 'bulkhead'],
    async holds(trial) {
      await trial.call(); // one success, so that the circuit has no reason to open
      await Promise.all(trial.fill());
      const kept = await trial.refuses();
      trial.act = () => 'succeed';
      await trial.finish();
      return kept && (await trial.call()) === VALUE;
    },
  },
  {
    says: 'tells the operation when it gives up',
    parts: ['signal', 'timeout'],
    async holds(trial) {
      trial.act = () => 'hang';
      await trial.call();
      return trial.contexts.every((context) => context?.signal.aborted);
    },
  },
  {
    says: 'ends when its caller gives up',
    parts: ['abort'],
    settings: { timeoutMs: 60_000 },
    async holds(trial) {
      trial.act = () => 'hang';
      const call = trial.call();
      await setImmediate();
      trial.caller.abort(FAULT);
      return (await call) instanceof Error && trial.invocations === 1;
    },
  },
];
