/** Real processes and real time: whether one ends by itself, and when, cannot be seen from within. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';

// Nine processes start at once, each of which compiles the sources.
vi.setConfig({ testTimeout: 60_000 });
const run = promisify(execFile);

/** Runs a module against the sources; what it takes from its last line to its end is what `exit` tells. */
async function child(script: string): Promise<{ said: string[]; lingeredMs: number }> {
  const module = `
    import { bulkhead, circuitBreaker, constant, fallback, pipeline, retry, timeout } from 'holdfast';
    const never = () => new Promise(() => {});
    const say = (what) => console.log(what);
    let settledAt = performance.now();
    process.on('exit', () => say('lingered ' + Math.round(performance.now() - settledAt)));
    ${script}
    settledAt = performance.now();
  `;
  const flags = ['--disable-warning=ExperimentalWarning', '--import', './test/support/source.ts'];
  const { stdout, stderr } = await run(
    process.execPath,
    [...flags, '--input-type=module', '--eval', module],
    {
      timeout: 50_000,
    },
  );
  expect(stderr).toBe('');
  const said = stdout.trimEnd().split('\n');
  return { said, lingeredMs: Number(said.pop()?.replace('lingered ', '')) };
}

// Each leaves behind whatever lasts a minute; the process must not wait for any of it.
const settled = {
  'calls that succeeded within a timeout, a deadline and a queue': `
    const shop = pipeline('shop', timeout({ ms: 60_000 }), retry(), circuitBreaker({ openMs: 60_000 }),
      timeout({ ms: 59_000 }), bulkhead({ concurrency: 2, queue: 20, queueTimeoutMs: 60_000 }));
    const work = () => new Promise((resolve) => setTimeout(resolve, 5, 'done'));
    await Promise.all(Array.from({ length: 10 }, () => shop.run(work, { timeoutMs: 60_000 })));
    say('settled');`,
  'a call that timed out on work that never ends': `
    const shop = pipeline('shop', timeout({ ms: 60_000 }), bulkhead({ reclaimMs: 60_000 }), timeout({ ms: 20 }));
    await shop.run(never).catch((error) => say(error.name));
    say('settled');`,
  'a call that was aborted, whose work never ends': `
    const shop = pipeline('shop', timeout({ ms: 60_000 }), bulkhead());
    const caller = new AbortController();
    setTimeout(() => caller.abort('enough'), 20);
    await shop.run(never, { signal: caller.signal }).catch(say);
    say('settled');`,
  'a call that was aborted while its retry slept': `
    const shop = pipeline('shop', timeout({ ms: 60_000 }), retry({ backoff: constant(50_000) }));
    const caller = new AbortController();
    const call = shop.run(() => Promise.reject(new Error('down')), { signal: caller.signal, timeoutMs: 60_000 });
    setTimeout(() => caller.abort('enough'), 20);
    await call.catch(say);
    say('settled');`,
  'a waiter that was aborted': `
    const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 60_000 });
    limit.tryAcquire();
    const caller = new AbortController();
    const waiter = limit.acquire({ signal: caller.signal });
    setTimeout(() => caller.abort('enough'), 20);
    await waiter.catch(say);
    say('settled');`,
  'an open circuit and a fallback': `
    const breaker = circuitBreaker({ openMs: 60_000 });
    breaker.open();
    await pipeline('shop', fallback('stale'), breaker, timeout({ ms: 60_000 })).run(never).then(say);
    say('settled');`,
};

it.concurrent.each(Object.entries(settled))('a process exits at once after %s', async (_what, script) => {
  const { said, lingeredMs } = await child(script);
  expect(said.at(-1)).toBe('settled');
  // Nothing that lasts a minute was waited for, however slow the machine.
  expect(lingeredMs).toBeLessThan(10_000);
});

const waiting = {
  'a retry sleeps': [
    `const policy = retry({ retries: 1, backoff: constant(150) });
     policy.run(({ attempt }) => attempt > 1 ? 'second' : Promise.reject(new Error('down'))).then(say);`,
    'second',
  ],
  'a timeout is still to come for work that never ends': [
    `timeout({ ms: 150 }).run(never).catch((error) => say(error.name));`,
    'TimeoutError',
  ],
  'the deadline of a run is still to come': [
    `retry().run(never, { timeoutMs: 150 }).catch((error) => say(error.policy));`,
    'deadline',
  ],
  'a waiter has time in a queue': [
    `const limit = bulkhead({ concurrency: 1, queue: 1, queueTimeoutMs: 150 });
     limit.tryAcquire();
     limit.run(never).catch((error) => say(error.reason));`,
    'queue-timeout',
  ],
} as const;

it.concurrent.each(Object.entries(waiting))(
  'a process does not exit early while %s',
  async (_what, [script, last]) => {
    // Had it ended before, nothing would have been said.
    const { said } = await child(script);
    expect(said).toEqual([last]);
  },
);
