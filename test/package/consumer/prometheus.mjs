/** The package beside prom-client: pipelines of both module formats in one registry. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from 'holdfast';
import { instrument } from 'holdfast/prometheus';
import { Registry } from 'prom-client';

const commonJs = createRequire(import.meta.url)('holdfast');
const registry = new Registry();
const watched = [
  esm.pipeline('esm', esm.bulkhead({ concurrency: 0 })),
  commonJs.pipeline('commonjs', commonJs.bulkhead({ concurrency: 0 })),
  commonJs.keyed((key) => commonJs.pipeline(key, commonJs.circuitBreaker()), { name: 'hosts' }),
];
const stop = instrument(watched, { registry });
for (const pipeline of watched.slice(0, 2)) await pipeline.run(() => 1).catch(() => {});
await watched[2].run('a', () => 1);

const text = await registry.metrics();
assert.match(text, /holdfast_calls_total\{pipeline="esm",outcome="rejected"\} 1\n/);
assert.match(text, /holdfast_calls_total\{pipeline="commonjs",outcome="rejected"\} 1\n/);
assert.match(text, /holdfast_calls_total\{pipeline="hosts",outcome="success"\} 1\n/);
assert.match(text, /holdfast_rejections_total\{pipeline="commonjs",policy="bulkhead",reason="full"\} 1\n/);
stop();
assert.equal(await registry.metrics(), '\n');
