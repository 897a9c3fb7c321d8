/** Before each file of tests, all of which share one worker: what a run against a mutant has learned already. */
import { afterEach } from 'vitest';

const shared = globalThis as {
  killed?: boolean;
  /** Stryker's own: how often each test came by each mutant. */
  __stryker__?: { mutantCoverage?: object };
};

// Stryker skips the tests after the first that fails, but would still load each file of them.
if (shared.killed) throw new Error('the mutant is dead already');
afterEach(({ task }) => {
  if (task.result?.state === 'fail') shared.killed = true;
});

// Stryker adds up what each file hands in, and would count what the files before it did once more.
const { mutantCoverage } = shared.__stryker__ ?? {};
if (mutantCoverage !== undefined) Object.assign(mutantCoverage, { static: {}, perTest: {} });
