/**
 * Holds the shape of src/: which part may import which, where time and chance may be read, how long a file
 * may be. The arrows run one way: core <- structures, backoff <- policies; core <- pipeline; pipeline, policies <-
 * observe <- adapters. One policy never knows another, so that one of them stays a small import; nor does one adapter,
 * apart from what those for HTTP have in common.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { usesOf } from './support/imports.ts';

/** What each part of src/ may import besides itself. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  structures: ['core'],
  backoff: ['core'],
  policies: ['core', 'structures', 'backoff'],
  pipeline: ['core'],
  observe: ['core', 'structures', 'policies', 'pipeline'],
  adapters: ['core', 'structures', 'backoff', 'policies', 'pipeline', 'observe'],
  testing: ['core', 'structures', 'backoff', 'policies', 'pipeline', 'observe'],
};

/** Packages of others, and the only place that may import each. In adapters/ any package may stand. */
const packages: Record<string, string> = {
  eventemitter3: 'core/',
  'is-network-error': 'core/',
  'p-retry': 'policies/retry/',
};

const isEntry = (file: string) => /^(testing\/|(adapters|observe)\/[^/]+\/)?index\.ts$/.test(file);
const partOf = (file: string) => file.split('/')[0]!;

/** What several adapters are built on, and none of them itself. */
const COMMON = 'adapters/http';

/** A policy is a folder or a file of policies/, an adapter a folder of adapters/; elsewhere the part is one unit. */
const unitOf = (file: string) =>
  /^(policies|adapters)\//.test(file)
    ? file.split('/').slice(0, 2).join('/').replace(/\.ts$/, '')
    : partOf(file);

function importFault(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) {
    if (partOf(from) === 'adapters') return undefined;
    if (specifier.startsWith('node:')) return 'node: modules stand in adapters/ only';
    const home = packages[specifier];
    if (home === undefined) return 'no package is known to be allowed here';
    return from.startsWith(home) ? undefined : `${specifier} may be imported in ${home} only`;
  }
  const to = posix.join(posix.dirname(from), specifier);
  if (to.startsWith('..')) return 'leaves src/';
  if (isEntry(from)) {
    return partOf(from) !== partOf(to) && /^(adapters|testing)\//.test(to)
      ? `nothing imports ${partOf(to)}/`
      : undefined;
  }
  if (posix.basename(to) === 'index.ts') return 'a source file imports no barrel';
  if (unitOf(from) === unitOf(to)) return undefined;
  if (unitOf(to) === COMMON && partOf(from) === 'adapters') return undefined;
  const [source, target] = [partOf(from), partOf(to)];
  if (source === target) return `${unitOf(from)} and ${unitOf(to)} may not know each other`;
  if (arrows[source] === undefined) return `${source} has no place in the arrows`;
  return arrows[source].includes(target) ? undefined : `${source}/ may not import ${target}/`;
}

function effectFault(from: string, effect: string): string | undefined {
  if (from === 'core/clock.ts') return undefined;
  // The virtual clock lets pending callbacks run between two of its timers: that takes a real macrotask.
  if (partOf(from) === 'testing' && /^set(Immediate|Timeout)$/.test(effect)) return undefined;
  return 'time and chance are read in core/clock.ts only';
}

function faultsOf(file: string, text: string): string[] {
  const { imports, effects } = usesOf(text);
  return [
    ...imports.map((use) => ({ use, said: `imports '${use.text}'`, why: importFault(file, use.text) })),
    ...effects.map((use) => ({ use, said: `uses ${use.text}`, why: effectFault(file, use.text) })),
  ]
    .filter(({ why }) => why !== undefined)
    .map(({ use, said, why }) => `src/${file}:${use.line} ${said}: ${why}`);
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort()
  .map((file) => ({ file, text: readFileSync(`src/${file}`, 'utf8') }));

test('every file of src keeps to the arrows, and reads time and chance nowhere but in core/clock.ts', () => {
  expect(sources.length).toBeGreaterThan(0);
  expect(sources.flatMap(({ file, text }) => faultsOf(file, text))).toEqual([]);
});

test('no file of src is longer than 300 lines', () => {
  const long = sources
    .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > 300);
  expect(long).toEqual([]);
});

describe('the check itself', () => {
  test.each([
    ['core/run.ts', `import { Lanes } from '../structures/lanes.ts';`, 'core/ may not import structures/'],
    [
      'core/run.ts',
      `export type { Lanes } from '../structures/lanes.ts';`,
      'core/ may not import structures/',
    ],
    ['core/run.ts', `type A = import('../structures/lanes.ts').Lanes;`, 'core/ may not import structures/'],
    ['core/run.ts', `const a = await import('../structures/lanes.ts');`, 'core/ may not import structures/'],
    ['structures/lanes.ts', `import '../policies/timeout.ts';`, 'structures/ may not import policies/'],
    ['backoff/linear.ts', `import '../policies/retry/retry.ts';`, 'backoff/ may not import policies/'],
    ['policies/timeout.ts', `import './fallback.ts';`, 'policies/timeout and policies/fallback may not know'],
    [
      'policies/retry/retry.ts',
      `import '../timeout.ts';`,
      'policies/retry and policies/timeout may not know',
    ],
    ['policies/timeout.ts', `import '../pipeline/pipeline.ts';`, 'policies/ may not import pipeline/'],
    ['policies/timeout.ts', `import '../observe/log.ts';`, 'policies/ may not import observe/'],
    ['pipeline/pipeline.ts', `import '../policies/timeout.ts';`, 'pipeline/ may not import policies/'],
    ['observe/log.ts', `import '../adapters/fetch/judge.ts';`, 'observe/ may not import adapters/'],
    ['index.ts', `export * from './adapters/fetch/judge.ts';`, 'nothing imports adapters/'],
    ['index.ts', `export * from './testing/virtual-clock.ts';`, 'nothing imports testing/'],
    ['core/run.ts', `import '../testing/virtual-clock.ts';`, 'core/ may not import testing/'],
    [
      'adapters/fetch/judge.ts',
      `import '../redis/store.ts';`,
      'adapters/fetch and adapters/redis may not know',
    ],
    ['testing/virtual-clock.ts', `import '../index.ts';`, 'a source file imports no barrel'],
    ['policies/retry/retry.ts', `import './index.ts';`, 'a source file imports no barrel'],
    ['utilities/text.ts', `import '../core/call.ts';`, 'utilities has no place in the arrows'],
    ['core/run.ts', `import '../../test/support/x.ts';`, 'leaves src/'],
    ['core/run.ts', `import { EventEmitter } from 'node:events';`, 'node: modules stand in adapters/ only'],
    ['core/run.ts', `import pLimit from 'p-limit';`, 'no package is known to be allowed here'],
    ['core/run.ts', `import pRetry from 'p-retry';`, 'p-retry may be imported in policies/retry/ only'],
    ['core/run.ts', `const now = Date.now();`, 'uses Date.now'],
    ['core/run.ts', `const now = new Date();`, 'uses new Date()'],
    ['core/run.ts', `const { now } = performance;`, 'uses performance'],
    ['core/run.ts', `const chance = Math.random;`, 'uses Math.random'],
    ['core/run.ts', `globalThis.setTimeout(fn, 1);`, 'uses setTimeout'],
    ['core/run.ts', `setInterval(fn, 1);`, 'uses setInterval'],
    ['core/run.ts', `setImmediate(fn);`, 'uses setImmediate'],
    ['core/run.ts', `AbortSignal.any([a, b]);`, 'uses AbortSignal.any'],
    ['core/run.ts', `AbortSignal.timeout(5);`, 'uses AbortSignal.timeout'],
  ])('finds the fault in %s: %s', (file, text, fault) => {
    const faults = faultsOf(file, `\n${text}`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`src/${file}:2 `);
    expect(faults[0]).toContain(fault);
  });

  test.each([
    ['core/run.ts', `import type { Call } from './call.ts';`],
    ['core/events.ts', `import { EventEmitter } from 'eventemitter3';`],
    ['core/clock.ts', `const now = performance.now();`],
    ['core/run.ts', `// Date.now() and setTimeout would be wrong here`],
    ['core/run.ts', `const words = 'Math.random';`],
    ['core/run.ts', `const day = new Date(0);`],
    ['structures/lanes.ts', `import type { Clock } from '../core/clock.ts';`],
    ['policies/retry/retry.ts', `import pRetry from 'p-retry'; import { budget } from './budget.ts';`],
    ['policies/retry/retry.ts', `import { exponential } from '../../backoff/exponential.ts';`],
    ['adapters/fetch/judge.ts', `import { Agent } from 'undici'; import 'node:http';`],
    ['testing/virtual-clock.ts', `setImmediate(resolve);`],
    ['testing/index.ts', `export { VirtualClock } from './virtual-clock.ts';`],
    ['index.ts', `export { retry } from './policies/retry/retry.ts';`],
  ])('finds none in %s: %s', (file, text) => {
    expect(faultsOf(file, text)).toEqual([]);
  });
});
