import assert from 'node:assert/strict';
import { bulkhead, circuitBreaker, constant, pipeline, retry } from 'holdfast';
import { watch } from '../../support/spies.ts';
import { about, type Behaviour, fails, hangs, script } from './behaviour.ts';

/** What is printed meanwhile. */
async function printed(act: () => unknown): Promise<string[]> {
  const { error } = console;
  const lines: string[] = [];
  console.error = (first: unknown) => void lines.push(String(first));
  try {
    await act();
  } finally {
    console.error = error;
  }
  return lines;
}

const throwing = (): never => {
  throw new Error('a listener that throws');
};

export const events: Behaviour[] = [
  ...about('events', {
    'reach the listeners of the policy and of the pipeline': async (clock) => {
      const told: string[] = [];
      const tries = retry({ retries: 1, backoff: constant(0) }).on('retry', () => told.push('policy'));
      const p = pipeline({ name: 'p', clock }, tries).on('retry', () => told.push('pipeline'));
      await p.run(fails).catch(() => {});
      assert.deepEqual(told, ['policy', 'pipeline']);
    },
    'reach only the pipeline on whose behalf they happen': async (clock) => {
      const told: string[] = [];
      const tries = retry({ retries: 1, backoff: constant(0), clock });
      const a = pipeline('a', tries).on('retry', () => told.push('a'));
      pipeline('b', tries).on('retry', () => told.push('b'));
      await a.run(fails).catch(() => {});
      assert.deepEqual(told, ['a']);
    },
    'name policy and pipeline': async (clock) => {
      const told: unknown[] = [];
      const full = bulkhead({ concurrency: 0, name: 'places', clock });
      const p = pipeline('p', full).on('reject', (event) => told.push([event.policy, event.pipeline]));
      await p.run(hangs).catch(() => {});
      assert.deepEqual(told, [['places', 'p']]);
    },
    'name no pipeline where a policy runs alone': async (clock) => {
      const told: unknown[] = [];
      const full = bulkhead({ concurrency: 0, clock }).on('reject', ({ pipeline: name }) => told.push(name));
      await full.run(hangs).catch(() => {});
      assert.deepEqual(told, [undefined]);
    },
    'of a state reach every pipeline that listens': (clock) => {
      const told: string[] = [];
      const breaker = circuitBreaker({ clock });
      for (const name of ['a', 'b'])
        pipeline(name, breaker).on('state', ({ to }) => told.push(`${name} ${to}`));
      breaker.open();
      assert.deepEqual(told, ['a open', 'b open']);
    },
    'are heard once by once': async (clock) => {
      let heard = 0;
      const tries = retry({ backoff: constant(0), clock }).once('retry', () => heard++);
      await tries.run(fails).catch(() => {});
      assert.equal(heard, 1);
    },
    'are not heard after off': async (clock) => {
      let heard = 0;
      const listener = () => heard++;
      const tries = retry({ backoff: constant(0), clock })
        .on('retry', listener)
        .off('retry', listener);
      await tries.run(fails).catch(() => {});
      assert.equal(heard, 0);
    },
    'of a queue say how full it is': (clock) => {
      const told: unknown[] = [];
      const places = bulkhead({ concurrency: 1, queue: 3, clock });
      places.on('queue', ({ inFlight, queued }) => told.push([inFlight, queued]));
      for (const _ of '123') void watch(places.run(hangs));
      assert.deepEqual(told, [
        [1, 1],
        [1, 2],
      ]);
    },
  }),
  ...about('a listener that throws', {
    'changes nothing for the call': async (clock) => {
      const tries = retry({ backoff: constant(0), clock })
        .on('retry', throwing)
        .on('listener-error', () => {});
      assert.equal(await tries.run(script('fs').run), 2);
    },
    'does not keep other listeners from hearing': async (clock) => {
      let heard = 0;
      const tries = retry({ retries: 1, backoff: constant(0), clock }).on('listener-error', () => {});
      tries.on('retry', throwing).on('retry', () => heard++);
      await tries.run(fails).catch(() => {});
      assert.equal(heard, 1);
    },
    'is told to listener-error': async (clock) => {
      const told: unknown[] = [];
      const tries = retry({ retries: 1, backoff: constant(0), clock }).on('retry', throwing);
      tries.on('listener-error', ({ policy, error }) => told.push([policy, (error as Error).message]));
      await tries.run(fails).catch(() => {});
      assert.deepEqual(told, [['retry', 'a listener that throws']]);
    },
    'is told also where it is async': async (clock) => {
      let told = 0;
      const tries = retry({ retries: 1, backoff: constant(0), clock }).on('retry', async () => throwing());
      tries.on('listener-error', () => told++);
      await tries.run(fails).catch(() => {});
      await clock.advance(0);
      assert.equal(told, 1);
    },
    'is printed once where nobody listens to that': async (clock) => {
      const tries = retry({ backoff: constant(0), clock }).on('retry', throwing);
      const lines = await printed(() => tries.run(fails).catch(() => {}));
      assert.deepEqual(lines, ["holdfast: a listener, judge or other function given to 'retry' threw:"]);
    },
    'at listener-error itself is printed, and ends there': async (clock) => {
      const tries = retry({ retries: 1, backoff: constant(0), clock });
      tries.on('retry', throwing).on('listener-error', throwing);
      assert.equal((await printed(() => tries.run(fails).catch(() => {}))).length, 1);
    },
  }),
];
