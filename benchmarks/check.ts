/**
 * Before anything is timed, each candidate has to do its job: a fast breaker that does not open is no breaker. What a
 * candidate says that it lacks is held against it too: a lack that is none is a complaint.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { ANSWER, type Built, type Candidate, type Part, type Settings } from './candidates/candidate.ts';

const SETTINGS: Settings = { timeoutMs: 20, concurrency: 2, openMs: 30, backoffMs: 1 };
const PATIENCE_MS = 1_000;
const PENDING = Symbol('pending');
const VALUE = { value: true };
const FAULT = new Error('the operation failed');

/** A candidate at work on an operation that does as it is told. */
class Trial {
  invocations = 0;
  /** Whether invocation number n, from 1, succeeds, fails, or hangs until `finish`. */
  act: (n: number) => 'succeed' | 'fail' | 'hang' = () => 'succeed';
  readonly #built: Built;
  readonly #hanging: (() => void)[] = [];

  constructor(candidate: Candidate) {
    this.#built = candidate.build(() => this.#work(), SETTINGS, undefined);
  }

  async #work(): Promise<unknown> {
    const how = this.act(++this.invocations);
    if (how === 'fail') throw FAULT;
    if (how === 'hang') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return VALUE;
  }

  /** The value of a call, or what it was rejected with, or that it has not ended in time. */
  call(): Promise<unknown> {
    const ended = this.#built.call().catch((error: unknown) => error);
    return Promise.race([ended, sleep(PATIENCE_MS, PENDING, { ref: false })]);
  }

  /** Whether a call is turned away before the operation. */
  async refuses(): Promise<boolean> {
    const before = this.invocations;
    return (await this.call()) instanceof Error && this.invocations === before;
  }

  finish(): void {
    for (const resolve of this.#hanging.splice(0)) resolve();
  }

  /** Fails until the circuit is open; false if it stays closed. */
  async open(): Promise<boolean> {
    this.act = () => 'fail';
    for (let i = 0; i < 150; i++) if (await this.refuses()) return true;
    return false;
  }

  /** As many calls as there are places, none of which ends. */
  fill(): Promise<unknown>[] {
    this.act = () => 'hang';
    return Array.from({ length: SETTINGS.concurrency }, () => this.call());
  }

  close(): void {
    this.finish();
    this.#built.close?.();
  }
}

interface Check {
  readonly says: string;
  /** The parts that a candidate must have for the check to be about it. */
  readonly parts: readonly Part[];
  readonly without?: Part;
  holds(trial: Trial): Promise<boolean>;
}

const CHECKS: readonly Check[] = [
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
      trial.finish();
      await Promise.all(calls);
      return probes === 1;
    },
  },
  {
    says: 'rejects what is too much',
    parts: ['bulkhead'],
    async holds(trial) {
      const calls = trial.fill();
      const refused = await trial.refuses();
      trial.finish();
      await Promise.all(calls);
      trial.act = () => 'succeed';
      return refused && (await trial.call()) === VALUE;
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
      trial.finish();
      trial.act = () => 'succeed';
      await setImmediate();
      return kept && (await trial.call()) === VALUE;
    },
  },
];

/** What is wrong with a candidate, or with what it says of itself; nothing if all is well. */
export async function complaints(candidate: Candidate): Promise<string[]> {
  const { name, parts, lacks = {} } = candidate;
  const due = CHECKS.filter(
    ({ parts: wanted, without }) =>
      wanted.every((part) => parts.includes(part)) && (without === undefined || !parts.includes(without)),
  );
  const found = Object.keys(lacks).filter((says) => !due.some((check) => check.says === says));
  const wrong = found.map((says) => `${name}: no check is called '${says}'`);
  for (const { says, holds } of due) {
    const trial = new Trial(candidate);
    const held = await holds(trial);
    trial.close();
    if (held && says in lacks) wrong.push(`${name}: says that it does not do this, and does: ${says}`);
    if (!held && !(says in lacks)) wrong.push(`${name}: does not do this: ${says}`);
  }
  return wrong;
}
