/** Brings a candidate into the situation in which it is timed. */
import {
  BREAKER,
  BURST,
  type Built,
  type Candidate,
  type Context,
  SETTINGS,
  type Work,
} from './candidates/candidate.ts';

/** A candidate in its situation. */
export interface Staged {
  readonly candidate: Candidate;
  call(): Promise<unknown>;
  /** How many calls `call` makes, at once. */
  readonly each: number;
  /** Whether the calls are turned away. */
  readonly rejects: boolean;
  close(): void;
}

const VALUE = 42;
// Made once: that a dependency makes an error with a stack is no cost of the policies.
const FAULT = new Error('the operation failed');

const succeed: Work = async () => VALUE;
const readSignal: Work = async (context?: Context) => {
  if (!(context?.signal instanceof AbortSignal)) throw new TypeError('the operation was given no signal');
  return VALUE;
};
/** How many come at once where very many do. */
const CROWD = 1_000;
const hang: Work = () => new Promise(() => {});

function failingOnce(): Work {
  let fails = false;
  return async () => {
    fails = !fails;
    if (fails) throw FAULT;
    return VALUE;
  };
}

async function expectRejection(built: Built, what: string): Promise<void> {
  const rejected = await built.call().then(
    () => false,
    (error: unknown) => error !== FAULT,
  );
  if (!rejected) throw new Error(`a call was not rejected by ${what}`);
}

/** @throws Error - if the situation does not come about */
export async function stage(candidate: Candidate): Promise<Staged> {
  const { scenario } = candidate;
  const build = (work: Work, signal?: AbortSignal): Built => candidate.build(work, SETTINGS, signal);
  const staged = (built: Built, rejects: boolean): Staged => ({
    candidate,
    call: built.call,
    each: 1,
    rejects,
    close: () => built.close?.(),
  });
  switch (scenario) {
    case 'open': {
      let failing = true;
      const built = build(async () => {
        if (failing) throw FAULT;
        return VALUE;
      });
      for (let i = 0; i < BREAKER.calls; i++) await built.call().catch(() => {});
      failing = false;
      await expectRejection(built, 'an open circuit');
      return staged(built, true);
    }
    case 'full': {
      const built = build(hang);
      for (let i = 0; i < SETTINGS.concurrency; i++) built.call().catch(() => {});
      await expectRejection(built, 'a full bulkhead');
      return staged(built, true);
    }
    case 'fails once':
      return staged(build(failingOnce()), false);
    case 'reads signal':
      return staged(build(readSignal), false);
    case 'caller signal':
      return staged(build(succeed, new AbortController().signal), false);
    case 'burst': {
      const built = candidate.build(succeed, BURST, undefined);
      const call = (): Promise<unknown> => Promise.all(Array.from({ length: CROWD }, () => built.call()));
      return { ...staged(built, false), call, each: CROWD };
    }
    case 'succeeds':
      return staged(build(succeed), false);
  }
}
